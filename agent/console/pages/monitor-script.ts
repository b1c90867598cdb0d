/** Rows K3, K4: all flows that run now in one window, and those that ended while it was open. */
export const monitorScript = String.raw`
import { follow } from '/shared.js';
import { runList } from '/run-card.js';

const show = runList();
const opened = new Date().toISOString();
void follow(({ runs }) => show(runs.filter(({ endedAt }) => endedAt === undefined || endedAt > opened)));
`;
