// Looks at pages as people do, and says what is wrong with each: one line of JSON for one view of a page.
// pages.js PLAN.json: { origin, shots, more: all views, pages: [{ name, path, cookies: {}, language, status, fill: {}, press, body }] }
// `body`: the answer to something that can be done only once, shown as if it came from that path.
'use strict';
const fs = require('fs');
const path = require('path');
const axe = require('axe-core');
const { chromium } = require('playwright-core');
const { HtmlValidate } = require('html-validate');

const plan = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
// axe needs the browser's timers, which rest where scripts do: without JavaScript the rest is looked at.
const ALL_VIEWS = [
    { name: 'phone-no-script', width: 320, height: 640, colorScheme: 'dark', scripts: false },
    { name: 'phone-light', width: 320, height: 640, colorScheme: 'light' },
    { name: 'desk-dark', width: 1280, height: 900, colorScheme: 'dark', keyboard: true },
    { name: 'desk-light', width: 1280, height: 900, colorScheme: 'light', more: true },
    { name: 'phone-dark', width: 320, height: 640, colorScheme: 'dark', more: true },
];
const VIEWS = ALL_VIEWS.filter((view) => plan.more || !view.more);
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
// Rules of taste are left out: the spelling of void elements and of attributes is the house's own.
const checker = new HtmlValidate({
    extends: ['html-validate:recommended', 'html-validate:document'],
    rules: {
        // The summary of mistakes stands before the heading of its page, so that it is read first.
        'heading-level': ['error', { minInitialRank: 'h2' }],
        'void-style': 'off', 'no-trailing-whitespace': 'off', 'attr-quotes': 'off', 'long-title': 'off',
        'attribute-boolean-style': 'off', 'no-implicit-button-type': 'off', 'require-sri': 'off', 'doctype-style': 'off',
        'no-raw-characters': 'off', 'prefer-native-element': 'off', 'valid-id': ['error', { relaxed: true }],
    },
});

function cookiesOf(page) {
    return Object.entries(page.cookies || {}).map(([name, value]) => ({ name, value, url: plan.origin }));
}

async function htmlFaults(source) {
    const report = await checker.validateString(source);
    return report.results.flatMap((result) => result.messages.map((m) => `html ${m.ruleId} line ${m.line}: ${m.message}`));
}

async function axeFaults(page) {
    await page.evaluate(axe.source);
    const found = await page.evaluate((tags) => window.axe.run(document, { runOnly: { type: 'tag', values: tags } }), RULES);
    return found.violations.map((v) => `axe ${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).slice(0, 3).join('; ')}`);
}

async function widthFaults(page) {
    return page.evaluate(() => {
        const wide = document.documentElement.scrollWidth;
        return wide > window.innerWidth ? [`wider than the window: ${wide} of ${window.innerWidth} px`] : [];
    });
}

// Who has only a keyboard goes from control to control: each is reached, in the order of the page, and seen to be reached.
async function keyboardFaults(page) {
    const n = await page.evaluate(() => {
        const all = document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]');
        window.controls = [...all].filter((e) => e.type !== 'hidden' && !e.disabled && e.checkVisibility({ visibilityProperty: true }))
            .filter((e) => e.type !== 'radio' || e === (document.querySelector(`input[name="${e.name}"]:checked`) || document.querySelector(`input[name="${e.name}"]`)));
        return window.controls.length;
    });
    const order = [];
    const seenAt = new Set();
    // The first one may be in the midst of the page (autofocus), so it goes round, from which on it is known.
    for (let i = 0; i < 2 * n + 20 && new Set(order).size < n; i++) {
        await page.keyboard.press('Tab');
        const [at, seen] = await page.evaluate(() => {
            const style = getComputedStyle(document.activeElement);
            return [window.controls.indexOf(document.activeElement), style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0];
        });
        if (at < 0) continue;
        order.push(at);
        if (seen) seenAt.add(at);
    }
    // The parts of a date are stops of one control; the last, the calendar's button, has a mark of the browser's own.
    const unseen = order.filter((i) => !seenAt.has(i));
    const missed = [...Array(n).keys()].filter((i) => !order.includes(i));
    const turns = order.filter((at, i) => i > 0 && at < order[i - 1]).length;
    const named = (list) => page.evaluate((which) => which.map((i) => window.controls[i].outerHTML.slice(0, 80)).join('; '), list);
    return [
        ...(missed.length ? [`keyboard: not reached: ${await named(missed.slice(0, 3))}`] : []),
        ...(unseen.length ? [`keyboard: nothing shows that it is reached: ${await named(unseen.slice(0, 3))}`] : []),
        ...(turns > 1 ? [`keyboard: not in the order of the page: ${order.join(' ')}`] : []),
    ];
}

async function pressByKeyboard(page, selector) {
    const button = await page.locator(selector).first().elementHandle();
    for (let i = 0; i < 200; i++) {
        if (await button.evaluate((e) => e === document.activeElement)) return page.keyboard.press('Enter');
        await page.keyboard.press('Tab');
    }
    throw new Error(`the keyboard does not reach ${selector}`);
}

// What a visitor does on the page before it is looked at.
async function act(page, wanted, view) {
    for (const [selector, value] of Object.entries(wanted.fill || {})) {
        await page.fill(selector, value);
    }
    if (!wanted.press) return null;
    const press = view.keyboard ? pressByKeyboard(page, wanted.press) : page.click(wanted.press);
    const [answer] = await Promise.all([page.waitForNavigation(), press]);
    return answer;
}

async function look(browser, wanted, view) {
    const context = await browser.newContext({
        viewport: { width: view.width, height: view.height }, colorScheme: view.colorScheme, javaScriptEnabled: view.scripts !== false,
        locale: wanted.language === 'ru' ? 'ru-RU' : 'en-GB',
    });
    const faults = [];
    try {
        await context.addCookies(cookiesOf(wanted));
        const page = await context.newPage();
        page.setDefaultTimeout(60000);
        page.on('console', (line) => { if (line.type() === 'error' && !/status of (4|5)/.test(line.text())) faults.push(`console: ${line.text()}`); });
        page.on('request', (request) => { if (!request.url().startsWith(plan.origin) && !request.url().startsWith('data:')) faults.push(`asks another host: ${request.url()}`); });
        if (wanted.body) {
            await page.route(plan.origin + wanted.path, (route) => route.fulfill({
                status: wanted.status, body: wanted.body, contentType: 'text/html; charset=utf-8' }));
        }
        const first = await page.goto(plan.origin + wanted.path);
        const shown = new URL(page.url()).pathname;
        if (shown !== new URL(wanted.path, plan.origin).pathname) faults.push(`shows ${shown}`);
        const answer = (await act(page, wanted, view)) || first;
        if (answer.status() !== wanted.status) faults.push(`status ${answer.status()}, not ${wanted.status}`);
        faults.push(...await htmlFaults(await answer.text()), ...await widthFaults(page));
        if (view.scripts !== false) faults.push(...await axeFaults(page));
        await page.screenshot({ path: path.join(plan.shots, `${wanted.name}.${wanted.language}.${view.name}.png`), fullPage: true });
        if (view.keyboard) faults.push(...await keyboardFaults(page));
    } catch (error) {
        faults.push(`browser: ${error.message.split('\n')[0]}`);
    } finally {
        await context.close();
    }
    return faults;
}

(async () => {
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
    for (const wanted of plan.pages) {
        // Side by side: a view spends much of its time waiting.
        const found = await Promise.all(VIEWS.map((view) => look(browser, wanted, view)));
        VIEWS.forEach((view, i) => console.log(JSON.stringify({ name: `${wanted.name}, ${wanted.language}, ${view.name}`, faults: found[i] })));
    }
    await browser.close();
})().catch((error) => { console.error(error); process.exit(1); });
