import { existsSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Product } from './product';

const SCRIPT = `
const fs = require('node:fs');
const attendant = require('attendant');
fs.appendFileSync(attendant.inputs.counter, 'begun\\n');
const look = setInterval(() => {
  if (!fs.existsSync(attendant.inputs.release)) return;
  clearInterval(look);
  fs.writeFileSync(attendant.artifact('note.txt'), 'passed');
  console.log('through the gate');
  attendant.output('word', fs.readFileSync(attendant.inputs.release, 'utf8'));
}, 20);
`;

/** A desktop flow that counts its executions in a file and goes on when another file appears. */
export class Gate {
  readonly input: { counter: string; release: string };

  constructor(private readonly product: Product) {
    const folder = mkdtempSync(join(product.dataDir, 'gate-'));
    this.input = { counter: join(folder, 'counter'), release: join(folder, 'release') };
  }

  static async publish(product: Product): Promise<void> {
    await product.publish('gate', SCRIPT);
    await product.addFlow('gate', { inputs: ['counter', 'release'], outputs: ['word'] });
  }

  start(): Promise<string> {
    return this.product.startRun('gate', this.input);
  }

  /** Waits until the flow's program is at work. */
  async begun(): Promise<void> {
    await this.product.until('the desktop flow to begin', () => this.executions() > 0);
  }

  executions(): number {
    const { counter } = this.input;
    return existsSync(counter) ? readFileSync(counter, 'utf8').trim().split('\n').length : 0;
  }

  open(word = 'open'): void {
    writeFileSync(`${this.input.release}.next`, word);
    // As a whole, so that the flow never reads an empty file.
    renameSync(`${this.input.release}.next`, this.input.release);
  }
}
