import type { KeyObject } from 'node:crypto';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type {
  AgentCommand,
  AgentEventBody,
  AgentEventEnvelope,
  AgentEventKind,
  MachineReport,
} from '../../contracts/agent-protocol';
import { signedText } from '../../contracts/agent-protocol';
import type { Fence } from '../../contracts/ids';
import { newKeyPair } from '../../agent/identity/keys';
import type { AppRig } from './app-rig';

const REPORT: MachineReport = {
  os: 'linux',
  osVersion: '12',
  agentVersion: '0.1.0',
  hostname: 'test',
  maxSessions: 1,
  rds: false,
  multipleSessionsPerUser: true,
  sessions: [],
  runners: ['node'],
};

/** What names a run's grant in an event. */
export interface Grant {
  run: string;
  fence: Fence;
}

/** A registered machine whose agent says exactly what the test says, signed as a real one does. */
export class TestAgent {
  seq = 0;
  epoch = 1;

  private constructor(
    readonly rig: AppRig,
    readonly machine: string,
    private key: KeyObject,
    /** Opens credentials that were sealed for this machine: PKCS #8 DER in base64. */
    readonly unsealingKey: string,
  ) {}

  /** Registers a machine and attaches it to its queue; it is offline until it says hello. */
  static async register(rig: AppRig, number = 1): Promise<TestAgent> {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const sealing = newKeyPair('x25519');
    const machine = `m-01hzzzzzzzzzzzzzzzzzzzzz${String(number).padStart(2, '0')}`;
    await rig.ports.machines.put({
      id: machine,
      name: `machine-${number}`,
      epoch: 1,
      publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      sealingKey: sealing.publicKey,
      installation: 'installation-1',
      report: REPORT,
      registeredMs: rig.clock.now(),
      revoked: false,
    });
    await rig.ports.connections.put({
      name: `machine-${number}`,
      target: { kind: 'machine', id: machine },
      hasCredential: false,
    });
    const agent = new TestAgent(rig, machine, privateKey, sealing.privateKey);
    await rig.tick('watch-machines');
    return agent;
  }

  /** The machine gets a new registration and a new key; its presence and event numbers go on. */
  async registerAnew(): Promise<void> {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const { rig, machine } = this;
    const known = await rig.ports.machines.get(machine);
    if (!known) throw new Error(`there is no ${machine}`);
    await rig.ports.machines.renew(machine, {
      epoch: this.epoch + 1,
      publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      sealingKey: known.sealingKey,
      installation: known.installation,
      report: known.report,
      registeredMs: rig.clock.now(),
    });
    this.epoch += 1;
    this.key = privateKey;
    await rig.tick('watch-machines');
  }

  /** The agent of a machine that is registered already; `seq` is the number of the last thing that was heard of it. */
  static of(rig: AppRig, machine: string, { key, seq }: { key: KeyObject; seq: number }): TestAgent {
    const agent = new TestAgent(rig, machine, key, '');
    agent.seq = seq;
    return agent;
  }

  /** Says one thing; the body is signed as it is sent. */
  async say<K extends AgentEventKind>(kind: K, body: AgentEventBody<K>, grant?: Grant): Promise<void> {
    await this.send(this.envelope(kind, body, grant));
  }

  envelope<K extends AgentEventKind>(kind: K, body: AgentEventBody<K>, grant?: Grant): AgentEventEnvelope {
    const text = JSON.stringify(body);
    const unsigned = {
      v: 1 as const,
      machine: this.machine,
      epoch: this.epoch,
      seq: ++this.seq,
      time: new Date(this.rig.clock.now()).toISOString(),
      kind,
      ...(grant ? { run: grant.run, fence: grant.fence } : {}),
      body: text,
    };
    const digest = createHash('sha256').update(text).digest('hex');
    const signature = sign(null, Buffer.from(signedText(unsigned, digest)), this.key).toString('base64');
    return { ...unsigned, signature };
  }

  async send(envelope: unknown): Promise<void> {
    await this.rig.invoke('receive-agent-events', envelope);
  }

  hello(report: Partial<MachineReport> = {}): Promise<void> {
    return this.say('hello', { report: { ...REPORT, ...report }, installation: 'installation-1' });
  }

  heartbeat(...running: string[]): Promise<void> {
    return this.say('heartbeat', { running });
  }

  /** Commands that were sent to this machine, oldest first. */
  commands<K extends AgentCommand['kind']>(kind?: K): Extract<AgentCommand, { kind: K }>[] {
    return this.rig.ports.sent.filter(
      (command): command is Extract<AgentCommand, { kind: K }> =>
        command.machine === this.machine && (kind === undefined || command.kind === kind),
    );
  }

  /** The last offer: who is asked, under which fence. @throws Error when there is none. */
  offered(): Grant {
    const offer = this.commands('offer').at(-1);
    if (!offer) throw new Error('nothing was offered');
    return { run: offer.run, fence: offer.fence };
  }

  /** Accepts the last offer. */
  async accept(): Promise<Grant> {
    const grant = this.offered();
    await this.say('accepted', {}, grant);
    return grant;
  }

  /** Accepts the last offer and starts the run. */
  async startRun(): Promise<Grant> {
    const grant = await this.accept();
    await this.say('started', { at: new Date(this.rig.clock.now()).toISOString() }, grant);
    return grant;
  }

  succeed(grant: Grant, outputs: Record<string, unknown> = {}): Promise<void> {
    return this.say('done', { outcome: 'Succeeded', outputs }, grant);
  }
}
