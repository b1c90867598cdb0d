import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { consoleTicket } from '../../contracts/console';
import { ConsoleFixture, endless } from '../support/agent/console-fixture';
import { newRunId } from '../support/agent/fake-control-plane';

/** Where pictures of the pages are put, for people to look at; absent: none are taken. */
const PICTURES = process.env['ATTENDANT_PICTURES'];

describe('the console of a machine in a browser', () => {
  let browser: Browser;
  let context: BrowserContext;
  let fixture: ConsoleFixture;
  let hash: string;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    fixture = new ConsoleFixture();
    await fixture.register();
    hash = await fixture.publish('invoices', endless, {
      description: 'Checks the invoices of a month.',
      inputs: {
        type: 'object',
        properties: {
          month: { type: 'integer', minimum: 1, maximum: 12, description: 'From 1 to 12.' },
          mode: { enum: ['draft', 'final'], default: 'draft' },
          strict: { type: 'boolean', default: true },
        },
        required: ['month'],
      },
    });
    await fixture.publish(
      'bad',
      `require('attendant').fail('no such button', { code: 'NoButton', details: 'at step 3' });`,
    );
    await fixture.startWithConsole();
    await fixture.until(() => fixture.agent?.status().state === 'connected');
  });
  afterAll(async () => {
    await browser.close();
    await fixture.end();
  });
  beforeEach(async () => {
    context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
    context.setDefaultTimeout(30_000);
  });
  afterEach(async () => {
    await context.close();
    for (const run of fixture.agent?.runs() ?? []) {
      await fixture.agent?.control(run, { what: 'kill', by: 'test' });
      await fixture.broker.event(run, 'done');
    }
  });

  async function open(page: '/' | '/monitor'): Promise<Page> {
    const client = await fixture.console();
    const { ticket } = await client.json(consoleTicket, { method: 'POST', path: 'tickets' });
    const opened = await context.newPage();
    await opened.setViewportSize({ width: 720, height: 700 });
    await opened.goto(`${client.url}${page}#${ticket}`);
    return opened;
  }

  async function picture(page: Page, name: string): Promise<void> {
    if (PICTURES === undefined) return;
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
  }

  async function running(): Promise<string> {
    const run = await fixture.startFlow('invoices', { month: 7 });
    await fixture.grant(run);
    await fixture.shows(run, ({ action }) => action !== undefined);
    return run;
  }

  test('K1: a flow is started by keyboard with a form of its inputs, which says what is wrong with them', async () => {
    const page = await open('/');
    const start = page.getByRole('button', { name: 'Start invoices' });
    await start.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Inputs of invoices' });
    await dialog.getByLabel('month (required)').fill('13');
    expect(await dialog.getByLabel('mode').inputValue()).toBe('0');
    expect(await dialog.getByLabel('strict').isChecked()).toBe(true);
    await dialog.getByRole('button', { name: 'Start' }).click();
    await dialog.getByRole('alert').getByText('must be <= 12').waitFor();
    await picture(page, 'inputs');
    await dialog.getByLabel('month (required)').fill('7');
    await page.keyboard.press('Enter');
    await page.getByText('waiting for its turn').waitFor();
    const [run = ''] = fixture.controlPlane.consoleRuns.keys();
    expect(fixture.controlPlane.consoleRuns.get(run)?.asked.inputs).toEqual({
      month: 7,
      mode: 'draft',
      strict: true,
    });
    await fixture.grant(run);
    await page.getByText('Main › Read the invoices').waitFor();
    await picture(page, 'my-flows');
    await page.getByRole('button', { name: 'Stop: invoices' }).click();
    await page.getByText('stopped', { exact: true }).waitFor();
  });

  test('K1: the setting is changed on the page', async () => {
    const page = await open('/');
    await page.getByLabel('the monitoring window').check();
    await page.locator('#spoken', { hasText: 'Saved.' }).waitFor();
    expect((await fixture.state()).mode).toBe('window');
    await page.getByLabel('desktop notifications').check();
  });

  test('K3: the window shows every running flow live; pause, stop, and the details of an error to copy', async () => {
    const page = await open('/monitor');
    const run = await running();
    const failing = await fixture.startFlow('bad');
    const card = page.getByRole('listitem', { name: 'invoices' });
    await card.getByText('Main › Read the invoices').waitFor();
    await page.getByRole('listitem', { name: 'bad' }).getByText('waiting for its turn').waitFor();
    const pause = card.getByRole('button', { name: 'Pause: invoices' });
    await pause.focus();
    await page.keyboard.press('Enter');
    await card.getByText('paused').waitFor();
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Resume');
    expect(await page.locator('#spoken').textContent()).toBe('invoices is paused.');
    await card.getByRole('button', { name: 'Stop: invoices' }).click();
    await card.getByText('stopped').waitFor();
    await fixture.shows(run, ({ state }) => state === 'Stopped');
    await fixture.grant(failing);
    const bad = page.getByRole('listitem', { name: 'bad' });
    await bad.getByText('no such button').waitFor();
    await picture(page, 'monitor');
    await bad.getByRole('button', { name: 'Copy error details: bad' }).click();
    await page.locator('#spoken', { hasText: 'on the clipboard' }).waitFor();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    for (const part of [
      'Flow: bad',
      `Run: ${failing}`,
      'Code: DesktopFlowFailed',
      'no such button',
      'NoButton',
    ]) {
      expect(copied).toContain(part);
    }
  });

  test('K4: while a dialog is open neither its window nor the monitoring window can be operated', async () => {
    const run = await running();
    const monitor = await open('/monitor');
    const stop = monitor.getByRole('button', { name: 'Stop: invoices' });
    await stop.waitFor();
    const flows = await open('/');
    await flows.getByRole('button', { name: 'Start invoices' }).click();
    const dialog = flows.getByRole('dialog');
    expect(await dialog.getAttribute('aria-modal')).toBe('true');
    await monitor.getByText('A dialog is open in another window').waitFor();
    await picture(monitor, 'blocked');
    for (const page of [flows, monitor]) {
      expect(await page.evaluate<boolean>("document.getElementById('window').inert")).toBe(true);
    }
    await monitor.bringToFront();
    const at = await stop.boundingBox();
    if (!at) throw new Error('The button is not on the screen.');
    await monitor.mouse.click(at.x + at.width / 2, at.y + at.height / 2);
    for (let press = 0; press < 5; press++) await monitor.keyboard.press('Tab');
    await monitor.keyboard.press('Enter');
    expect((await fixture.state()).runs.find((known) => known.run === run)?.state).toBe('Running');
    await flows.bringToFront();
    await flows.keyboard.press('Escape');
    await stop.click();
    await fixture.shows(run, ({ state }) => state === 'Stopped');
  });

  test('K4: a window that outlived its agent is blocked by a dialog that does not go away', async () => {
    const page = await open('/monitor');
    await page.getByText('No flow is running.').waitFor();
    const port = fixture.agent?.consolePort ?? 0;
    await fixture.agent?.stop();
    await fixture.startWithConsole({ port });
    await fixture.until(() => fixture.agent?.status().state === 'connected');
    await page.getByRole('dialog', { name: 'This window is out of date' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await page.locator('dialog').isVisible()).toBe(true);
    expect(await page.evaluate<boolean>("document.getElementById('window').inert")).toBe(true);
    await picture(page, 'out-of-date');
  });

  test('K5, E2: a run of the portal is not there, unless it is announced', async () => {
    const page = await open('/monitor');
    const quiet = newRunId();
    await fixture.go(quiet, hash, {}, { name: 'quiet', inputs: { month: 7 } });
    await fixture.broker.event(quiet, 'progress');
    await fixture.agent?.control(quiet, { what: 'kill', by: 'test' });
    await fixture.broker.event(quiet, 'done');
    const run = newRunId();
    await fixture.go(run, hash, { notice: 'banner' }, { name: 'announced', inputs: { month: 7 } });
    await page.getByRole('listitem', { name: 'announced' }).getByText('from the portal').waitFor();
    expect(await page.getByText('quiet').count()).toBe(0);
  });

  test('A page without a ticket shows nothing', async () => {
    const { url } = await fixture.console();
    const page = await context.newPage();
    await page.goto(`${url}/`);
    await page.getByRole('dialog', { name: 'This window is out of date' }).waitFor();
    expect(await page.getByRole('listitem').count()).toBe(0);
  });
});
