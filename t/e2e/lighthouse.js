// Lighthouse on the pages of a plan, as a phone sees them: one line of JSON for each page, with the audits that keep a
// category from 100. lighthouse.js PLAN.json, as pages.js has it; pages with "lighthouse", a list of categories.
'use strict';
const fs = require('fs');
const { pathToFileURL } = require('url');
const { chromium } = require('playwright-core');

const plan = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const PORT = plan.debugging;
// A busy machine makes a page late, never early: the best of some tries is the page's own.
const TRIES = 4;

// Lighthouse slows the processor down to that of a middling phone. How much depends on what it is now, by Lighthouse's
// own measure (its docs/throttling.md): a fast desktop has 1300 and more, a middling phone 125 to 800.
function slowdownFor(benchmarkIndex) {
    if (benchmarkIndex >= 1300) return 4;
    return benchmarkIndex >= 800 ? 2 : 1;
}
let slowdown = 4;

function headersOf(page) {
    const cookies = Object.entries(page.cookies || {}).map(([name, value]) => `${name}=${value}`).join('; ');
    return { 'Accept-Language': page.language, ...(cookies ? { Cookie: cookies } : {}) };
}

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

async function look(lighthouse, wanted) {
    const flags = { port: PORT, output: 'json', logLevel: 'silent', onlyCategories: wanted.lighthouse, extraHeaders: headersOf(wanted), formFactor: 'mobile',
        disableFullPageScreenshot: true };
    let faults = [];
    for (let n = 0; n < TRIES; n++) {
        try {
            const { lhr } = await lighthouse(plan.origin + wanted.path, { ...flags, throttling: { cpuSlowdownMultiplier: slowdown } });
            faults = faultsOf(lhr);
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
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage', `--remote-debugging-port=${PORT}`] });
    for (const wanted of plan.pages.filter((page) => page.lighthouse)) {
        console.log(JSON.stringify({ name: `${wanted.name}, ${wanted.language}, Lighthouse`, faults: await look(lighthouse, wanted) }));
    }
    await browser.close();
})().catch((error) => { console.error(error); process.exit(1); });
