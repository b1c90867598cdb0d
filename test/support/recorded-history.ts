import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OrchestrationHandler } from 'durable-functions';
import type { AppRig } from './app-rig';
import type { HistoryEvent, WireAction, WireState } from './sdk-driver';
import { replay } from './sdk-driver';

/** One instance as it happened: the history that the SDK was given last, and all that the orchestrator had asked for by then. */
export interface RecordedHistory {
  orchestration: string;
  instanceId: string;
  parentInstanceId: string | null;
  input: unknown;
  history: HistoryEvent[];
  actions: WireAction[];
  output?: unknown;
}

export const HISTORIES = join(__dirname, '..', 'histories');

/** The instances that the rig ran, by file name `<scenario>.<orchestration>`; of several alike, the first. */
export function recordedBy(rig: AppRig, scenario: string): Map<string, RecordedHistory> {
  const found = new Map<string, RecordedHistory>();
  for (const { name, payload, answer } of rig.episodes.values()) {
    const given = JSON.parse(payload) as RecordedHistory;
    const state = JSON.parse(JSON.stringify(answer)) as WireState;
    const file = `${scenario}.${name}`;
    if (!state.isDone || found.has(file)) continue;
    found.set(file, {
      orchestration: name,
      instanceId: given.instanceId,
      parentInstanceId: given.parentInstanceId,
      input: given.input,
      history: given.history,
      actions: state.actions.flat(),
      output: state.output,
    });
  }
  return found;
}

export function writeHistory(version: string, file: string, history: RecordedHistory): void {
  mkdirSync(join(HISTORIES, version), { recursive: true });
  writeFileSync(join(HISTORIES, version, `${file}.json`), `${JSON.stringify(history, null, 1)}\n`);
}

/** Every recorded history as `<version>/<file>`. */
export function readHistories(): [string, RecordedHistory][] {
  return readdirSync(HISTORIES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: version }) =>
      readdirSync(join(HISTORIES, version))
        .filter((file) => file.endsWith('.json'))
        .map((file): [string, RecordedHistory] => [
          `${version}/${file}`,
          JSON.parse(readFileSync(join(HISTORIES, version, file), 'utf8')) as RecordedHistory,
        ]),
    );
}

const ORCHESTRATOR_COMPLETED = 13;

/**
 * Feeds a recorded history to the orchestrator of today, episode by episode. Whatever it asks for must be what was asked for then, in
 * the same order: an open run that was started by the recorded version goes on.
 * @returns what it asks for at the end, and its output.
 */
export async function replayRecorded(
  handler: OrchestrationHandler,
  recorded: RecordedHistory,
): Promise<Pick<RecordedHistory, 'actions' | 'output'>> {
  const { instanceId, input, history, parentInstanceId } = recorded;
  const common = { instanceId, input, ...(parentInstanceId ? { parentInstanceId } : {}) };
  const ends = history.flatMap((event, index) =>
    event.EventType === ORCHESTRATOR_COMPLETED ? [index + 1] : [],
  );
  for (const end of ends) {
    const { actions } = await replay(handler, { ...common, history: history.slice(0, end) });
    const asked = actions.flat();
    expect(asked.map(timeless)).toEqual(recorded.actions.slice(0, asked.length).map(timeless));
  }
  const last = await replay(handler, { ...common, history });
  return { actions: last.actions.flat(), output: last.output };
}

/** Timers are cancelled at the very end; before, they are not. */
function timeless({ isCanceled: _isCanceled, compoundActions, ...action }: WireAction): WireAction {
  return compoundActions ? { ...action, compoundActions: compoundActions.map(timeless) } : action;
}
