// Lighthouse on the pages of a plan, as a phone sees them: one line of JSON for each page, with the audits that keep a
// category from 100. lighthouse.js PLAN.json, as pages.js has it; pages with "lighthouse", a list of categories.
'use strict';
const fs = require('fs');
const { pathToFileURL } = require('url');

const plan = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
// A busy machine makes a page late, never early: the best of some tries is the page's own. What falls short in all of
// them is tried as often again after all other pages, since a neighbour's work can last longer than the tries.
const TRIES = 4;

// Lighthouse slows the processor down to that of a middling phone: to a fourth, unless it is told what the processor is
// now, by its own measure. Between these points it is in proportion (lighthouse-cpu-throttling-calculator, to which its
// docs/throttling.md leads).
const SLOWDOWNS = [[150, 1], [800, 2], [1300, 3], [1533, 4]];
function slowdownFor(benchmarkIndex) {
    const above = SLOWDOWNS.findIndex(([index]) => benchmarkIndex < index);
    if (above <= 0) return above === 0 ? 1 : SLOWDOWNS[SLOWDOWNS.length - 1][1];
    const [[from, least], [to, most]] = SLOWDOWNS.slice(above - 1, above + 1);
    return least + (benchmarkIndex - from) / (to - from) * (most - least);
}
let slowdown = 4; // until it was measured

function faultsOf(lhr) {
    const faults = [];
    for (const category of Object.values(lhr.categories)) {
        if (category.score === 1) continue;
        const lost = category.auditRefs.filter((ref) => ref.weight > 0 && lhr.audits[ref.id].score !== null && lhr.audits[ref.id].score < 1)
            .map((ref) => `${ref.id} ${lhr.audits[ref.id].displayValue || ''}`.trim());
        faults.push(`lighthouse ${category.id}: ${Math.round((category.score || 0) * 100)} of 100: ${lost.join(', ') || 'no answer'}`);
    }
    return lhr.runtimeError ? [`lighthouse: ${lhr.runtimeError.message}`] : faults;
}

// Each look from a page of the portal, as visitors come: its Cross-Origin-Opener-Policy makes the browser leave about:blank,
// where Lighthouse begins unless told otherwise, for a new process, whose start isn't the page's own work.
async function lookOnce(tools, flags, url, cookies) {
    const page = await tools.browser.newPage();
    try {
        await tools.browser.deleteCookie(...await tools.browser.cookies());
        await tools.browser.setCookie(...Object.entries(cookies || {}).map(([name, value]) => ({ name, value, domain: new URL(plan.origin).hostname, path: '/' })));
        await page.goto(`${plan.origin}/portal/cookies`);
        const { lhr } = await tools.lighthouse(url, flags, undefined, page);
        return lhr;
    } finally {
        await page.close();
    }
}

async function look(tools, wanted) {
    const flags = { skipAboutBlank: true, output: 'json', logLevel: 'silent', onlyCategories: wanted.lighthouse, extraHeaders: { 'Accept-Language': wanted.language }, formFactor: 'mobile',
        disableFullPageScreenshot: true };
    let faults = [];
    for (let n = 0; n < TRIES; n++) {
        try {
            const lhr = await lookOnce(tools, { ...flags, throttling: { cpuSlowdownMultiplier: slowdown } }, plan.origin + wanted.path, wanted.cookies);
            faults = faultsOf(lhr);
            const shown = new URL(lhr.finalDisplayedUrl).pathname;
            if (shown !== new URL(wanted.path, plan.origin).pathname) faults.push(`shows ${shown}`);
            slowdown = slowdownFor(lhr.environment.benchmarkIndex);
        } catch (error) {
            faults = [`lighthouse: ${error.message.split('\n')[0]}`];
        }
        if (faults.length === 0) return faults;
    }
    return faults;
}

(async () => {
    const { default: lighthouse } = await import(pathToFileURL(require.resolve('lighthouse')));
    // By Lighthouse's own starter: with Playwright beside it, which watches each page as well, the same page took the main
    // thread twice as long.
    const { launch } = await import(pathToFileURL(require.resolve('chrome-launcher')));
    const started = await launch({ chromePath: '/usr/bin/chromium', chromeFlags: ['--headless=new', '--no-sandbox', '--disable-dev-shm-usage'], logLevel: 'silent' });
    const { default: puppeteer } = await import(pathToFileURL(require.resolve('puppeteer-core')));
    const tools = { lighthouse, browser: await puppeteer.connect({ browserURL: `http://127.0.0.1:${started.port}`, defaultViewport: null }) };
    const report = (wanted, faults) => console.log(JSON.stringify({ name: `${wanted.name}, ${wanted.language}, Lighthouse`, faults }));
    const again = [];
    for (const wanted of plan.pages.filter((page) => page.lighthouse)) {
        const faults = await look(tools, wanted);
        if (faults.length === 0) report(wanted, faults);
        else {
            again.push(wanted);
            console.error(`  once more later: ${wanted.name}: ${faults.join('; ')}`);
        }
    }
    for (const wanted of again) report(wanted, await look(tools, wanted));
    await tools.browser.disconnect();
    await started.kill();
})().catch((error) => { console.error(error); process.exit(1); });
