import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '../../../../local/clock';
import type { DurableEngine, FunctionInvoker } from '../../../../local/durable/engine-api';
import { createEngine, type EngineOptions } from '../../../../local/durable/engine';
import { openStore, type Store } from '../../../../local/store/store';

/** An engine on a virtual clock, over a file of its own or in memory. */
export class Rig {
  readonly clock = new VirtualClock(Date.UTC(2026, 10, 22, 17, 25, 12, 500));
  readonly logs: string[] = [];
  store: Store;
  engine: DurableEngine;
  private readonly folder: string | undefined;

  constructor(
    readonly invoker: FunctionInvoker,
    private readonly options: Partial<EngineOptions> & { onDisk?: boolean } = {},
  ) {
    this.folder = options.onDisk ? mkdtempSync(join(tmpdir(), 'durable-')) : undefined;
    this.store = openStore(this.path);
    this.engine = this.open();
  }

  get path(): string {
    return this.folder === undefined ? ':memory:' : join(this.folder, 'store.db');
  }

  /** Closes and opens the store again, as a restart of the host does. */
  async restart(): Promise<void> {
    await this.engine.stop();
    await this.store.close();
    this.store = openStore(this.path);
    this.engine = this.open();
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advanceTo(this.clock.now() + ms, () => this.engine.idle());
  }

  async close(): Promise<void> {
    await this.engine.stop();
    await this.store.close();
    if (this.folder !== undefined) rmSync(this.folder, { recursive: true });
  }

  private open(): DurableEngine {
    const { onDisk: _onDisk, ...options } = this.options;
    const engine = createEngine({
      store: this.store,
      clock: this.clock,
      log: (_level, message) => this.logs.push(message),
      ...options,
    });
    engine.run(this.invoker);
    return engine;
  }
}
