import { desktopFlowActions } from '../../domain/planning/desktop-flow-actions';
import { hourlyLoad, quietest } from '../../domain/planning/hourly-load';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const T0 = Date.UTC(2026, 2, 2, 8);

const work = (startMinutes: number[], minutes: number | undefined, share = 1) => ({
  flow: 'close-books',
  desktopFlow: 'ledger',
  starts: startMinutes.map((minute) => T0 + minute * MINUTE),
  durationMs: minutes === undefined ? undefined : minutes * MINUTE,
  share,
});

describe('H4: the load of a queue', () => {
  it('a run is spread over the hours that it lasts; more work than time is overbooked', () => {
    const hours = hourlyLoad([work([0, 30], 45), work([50], 20)], { fromMs: T0, hours: 3, slots: 1 });
    expect(hours.map(({ busyMinutes, overbooked }) => [busyMinutes, overbooked])).toEqual([
      [45 + 30 + 10, true],
      [15 + 10, false],
      [0, false],
    ]);
    expect(hours[0]?.flows.map(({ starts }) => starts)).toEqual([2, 1]);
    expect(quietest(hours, 2)).toEqual([T0 + 2 * HOUR, T0 + HOUR]);
  });

  it('two machines have twice the time; a member of a cluster gets its share', () => {
    const [hour] = hourlyLoad([work([0, 10, 20], 30, 0.5)], { fromMs: T0, hours: 1, slots: 2 });
    expect(hour).toMatchObject({ capacityMinutes: 120, busyMinutes: 45, flows: [{ starts: 1.5 }] });
  });

  it('what began before reaches in; what nobody can time counts its starts alone', () => {
    const [hour] = hourlyLoad([work([-30], 50), work([5], undefined)], { fromMs: T0, hours: 1, slots: 1 });
    expect(hour?.flows).toMatchObject([
      { starts: 0, busyMinutes: 20 },
      { starts: 1, busyMinutes: 0 },
    ]);
  });
});

it('H4: desktop-flow actions are found inside of other actions; expressions name nothing yet', () => {
  const inner = {
    type: 'DesktopFlow',
    inputs: { desktopFlow: 'ledger', connection: "@parameters('where')" },
  };
  const actions = {
    first: { type: 'DesktopFlow', inputs: { desktopFlow: 'invoices', connection: 'office' } },
    scope: { type: 'Scope', actions: { inner } },
  };
  expect(desktopFlowActions({ actions } as unknown as Parameters<typeof desktopFlowActions>[0])).toEqual([
    { action: 'first', desktopFlow: 'invoices', connection: 'office' },
    { action: 'inner', desktopFlow: 'ledger', connection: undefined },
  ]);
});
