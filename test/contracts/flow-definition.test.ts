import { desktopFlowAction, desktopFlowInputs } from '../../contracts/flow-definition/desktop-flow-action';

const names = { desktopFlow: 'invoices', connection: 'office' };
const action = (inputs: Record<string, unknown>) =>
  desktopFlowAction.safeParse({ type: 'DesktopFlow', inputs: { ...names, ...inputs } });

describe('A5: strings of a desktop-flow action may hold expressions', () => {
  it.each([
    { priority: "@triggerBody()?['priority']" },
    { mode: "@{triggerBody()['mode']}" },
    { queueTimeout: "PT@{triggerBody()['hours']}H" },
    { whenSessionBlocked: "@outputs('Policy')" },
    { priority: 'high', mode: 'attended', queueTimeout: 'PT1H', whenSessionBlocked: 'wait' },
  ])('%j', (inputs) => expect(action(inputs).data?.inputs).toMatchObject(inputs));

  it.each([
    [{ priority: 'urgent' }, 'is neither high nor normal nor low, and no expression (@…)'],
    [{ priority: '@@high' }, 'is neither high nor normal nor low, and no expression (@…)'],
    [{ mode: 'both' }, 'is neither attended nor unattended, and no expression (@…)'],
    [{ queueTimeout: '3h' }, 'is neither an ISO 8601 duration such as PT3H nor an expression (@…)'],
    [{ whenSessionBlocked: 'retry' }, 'is neither fail nor wait, and no expression (@…)'],
  ])('%j is refused when it is stored', (inputs, message) => {
    const issues = action(inputs).error?.issues;
    expect(issues).toEqual([expect.objectContaining({ message, path: ['inputs', ...Object.keys(inputs)] })]);
  });

  it('once evaluated: null is not given, and defaults stand', () => {
    const nothing = {
      mode: null,
      priority: null,
      inputs: null,
      queueTimeout: null,
      whenSessionBlocked: null,
    };
    const defaults = { ...names, mode: 'unattended', priority: 'normal', inputs: {} };
    expect(desktopFlowInputs.parse({ ...names, ...nothing })).toEqual(defaults);
    expect(desktopFlowInputs.parse(names)).toEqual(defaults);
  });

  it('once evaluated: an expression is no value', () => {
    expect(desktopFlowInputs.safeParse({ ...names, priority: '@x' }).success).toBe(false);
  });
});
