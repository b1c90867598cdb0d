import { appendFileSync } from 'node:fs';
import Module from 'node:module';
import { createInterface } from 'node:readline';
import { SystemClock } from '../../../../local/clock';
import { createEngine } from '../../../../local/durable/engine';
import { openStore } from '../../../../local/store/store';
import { AppInvoker, FakeCore } from './app';
import { registerCrashApp } from './crash-app';

/**
 * A host that the crash test kills: reads commands as JSON lines, carries them out, and answers "done <n>" when the
 * engine has. Arguments: the store, and a journal that activities append to before they return.
 */
const core = new FakeCore();
const loader = Module as unknown as { _load: (request: string, ...rest: unknown[]) => unknown };
const load = loader._load;
loader._load = (request, ...rest) =>
  request === '@azure/functions-core' ? core.api : load(request, ...rest);

async function main(): Promise<void> {
  const [, , storePath = '', journalPath = ''] = process.argv;
  registerCrashApp(await import('durable-functions'), (line) => appendFileSync(journalPath, `${line}\n`));
  const engine = createEngine({
    store: openStore(storePath),
    clock: new SystemClock(),
    log: (level, message) => level !== 'information' && process.stderr.write(`${message}\n`),
    historyCacheBytes: 20_000,
  });
  engine.run(new AppInvoker(core, false));
  process.stdout.write('ready\n');
  for await (const line of createInterface({ input: process.stdin })) {
    const { n, command, id, name, input } = JSON.parse(line) as Record<string, string>;
    const work =
      command === 'start'
        ? engine.start({ name: name ?? '', instanceId: id ?? '', input })
        : command === 'raise'
          ? engine.raiseEvent(id ?? '', name ?? '', input)
          : engine.signalEntity('counter', 'signals', 'add', input);
    void work.then((result) => process.stdout.write(`done ${n} ${JSON.stringify(result ?? null)}\n`));
  }
}

void main();
