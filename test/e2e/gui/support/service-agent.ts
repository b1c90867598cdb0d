import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, kill, runProgram, type Ended } from '../../support/processes';
import type { Product } from '../../support/product';
import { zipOf } from '../../../support/agent/zip';
import type { MachineUser } from './machine-user';
import { ReachableProgram } from './reachable-program';

/** The agent as a service of root beside the product: started again whenever it ends, as a service manager does. */
export class ServiceAgent {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'attendant-service-'));
  output = '';
  private child: ChildProcess | undefined;
  private stopping = false;

  private constructor(
    private readonly product: Product,
    private readonly program: ReachableProgram,
  ) {}

  static async start(product: Product, name: string): Promise<ServiceAgent> {
    const program = new ReachableProgram();
    const agent = new ServiceAgent(product, program);
    const { token } = await product.ok('POST', '/api/registration-tokens', {});
    const { url } = product.endpoint;
    const args = ['register', '--url', url, '--token', '-', '--name', name, '--data', agent.dataDir];
    const child = spawn(program.node, ['--no-warnings', program.script, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    agent.listen(child);
    child.stdin.end(String(token));
    const code = await new Promise((resolve) => child.on('exit', resolve));
    if (code !== 0) throw new Error(`The agent could not be registered.\n${agent.output}`);
    agent.run();
    try {
      await product.until(
        'the service agent to be connected',
        () => agent.output.includes('Agent is connected'),
        { evidence: () => agent.output },
      );
    } catch (error) {
      await agent.stop();
      throw error;
    }
    return agent;
  }

  get machine(): string {
    return (JSON.parse(readFileSync(join(this.dataDir, 'identity.json'), 'utf8')) as { machine: string })
      .machine;
  }

  /** Pid of the living listener. */
  get pid(): number | undefined {
    const lock = join(this.dataDir, 'lock.json');
    if (!existsSync(lock)) return undefined;
    const { pid } = JSON.parse(readFileSync(lock, 'utf8')) as { pid: number };
    return isAlive(pid) ? pid : undefined;
  }

  /** A connection `name` of the user to this machine, and a cloud flow `name` that runs the desktop flow with it: unattended and of the same name unless said otherwise. */
  async addFlow(
    name: string,
    user: MachineUser,
    inputs: string[],
    attended?: { desktopFlow: string; user: string },
  ): Promise<void> {
    await this.product.ok('PUT', `/api/connections/${name}`, {
      target: { kind: 'machine', id: this.machine },
      user: attended?.user ?? user.name,
      credential: { password: user.password },
    });
    const properties = Object.fromEntries(inputs.map((input) => [input, { type: 'string' }]));
    await this.product.ok('PUT', `/api/flows/${name}`, {
      name,
      triggers: {
        button: { type: 'Request', inputs: { schema: { type: 'object', properties, required: inputs } } },
      },
      actions: {
        work: {
          type: 'DesktopFlow',
          inputs: {
            desktopFlow: attended?.desktopFlow ?? name,
            connection: name,
            mode: attended ? 'attended' : 'unattended',
            inputs: Object.fromEntries(inputs.map((input) => [input, `@triggerBody()?['${input}']`])),
          },
        },
      },
      outputs: { result: "@outputs('work')" },
    });
  }

  async publish(name: string, files: Record<string, string>): Promise<void> {
    const manifest = `name: ${name}\nversion: 1.0.0\nrunner: node\nentry: main.js\n`;
    const zip = await zipOf({ 'desktop-flow.yaml': manifest, ...files });
    const type = { 'content-type': 'application/zip' };
    const answer = await this.product.call('PUT', `/api/desktop-flows/${name}`, new Uint8Array(zip), type);
    if (answer.status !== 200) throw new Error(`publish ${name}: ${answer.status} ${answer.text}`);
  }

  /** A command of the agent's program, as root on this machine. */
  command(...args: string[]): Promise<Ended> {
    const { node, script } = this.program;
    return runProgram(node, ['--no-warnings', script, ...args, '--data', this.dataDir]);
  }

  /** What the product keeps at an address of its API, byte for byte. */
  async download(path: string): Promise<Buffer> {
    const { url, key } = this.product.endpoint;
    const response = await fetch(new URL(path, url), { headers: { 'x-functions-key': key } });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }

  /** Waits until nothing runs or waits on this machine. */
  async idle(): Promise<void> {
    let last = '';
    await this.product.until(
      'the machine to be idle',
      async () => {
        const { text, json } = await this.product.call('GET', `/api/machines/${this.machine}/queue`);
        last = text;
        return (
          json && [json['running'], json['waiting']].every((runs) => Array.isArray(runs) && runs.length === 0)
        );
      },
      { evidence: () => `${last}\n${this.output.slice(-3_000)}` },
    );
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const { child } = this;
    if (child) {
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => kill(child.pid ?? 0), 20_000);
      if (child.exitCode === null && child.signalCode === null) await ended;
      clearTimeout(timer);
    }
    rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
    this.program.remove();
  }

  private run(): void {
    const args = ['run', '--data', this.dataDir, '--session', 'linux', '--max-sessions', '4'];
    const { node, script } = this.program;
    const child = spawn(node, ['--no-warnings', script, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.listen(child);
    child.on('exit', () => {
      if (!this.stopping) this.run();
    });
  }

  private listen(child: ChildProcess): void {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString('utf8')));
  }
}
