import rhea, {
  type Connection,
  type Delivery,
  type Receiver,
  type Sender,
  type Session,
  type Typed,
} from 'rhea';
import type { Socket } from 'node:net';

/*
 * The parts of rhea that its typings leave out and that a broker needs: raw messages, dispositions one by one,
 * draining, limits on what a peer may make us hold. Everything that reaches below rhea's public surface is here.
 */

interface Frames {
  disposition(fields: {
    role: boolean;
    first: number;
    last: number;
    settled: boolean;
    state: unknown;
  }): unknown;
}

interface RheaTypes {
  Reader: new (buffer: Buffer) => { read(): Typed; remaining(): number };
  Writer: new () => { write(value: Typed): void; toBuffer(): Buffer };
  wrap_array(values: unknown[], code: number, descriptor?: unknown): Typed;
  wrap_timestamp(value: number): Typed;
  wrap_symbol(value: string): Typed;
  wrap_string(value: string): Typed;
  wrap_long(value: number): Typed;
  wrap_int(value: number): Typed;
  wrap_binary(value: Buffer): Typed;
  wrap_uuid(value: Buffer): Typed;
  wrap(value: unknown): Typed;
  is_map(value: Typed): boolean;
  unwrap(value: unknown): unknown;
}

// eslint-disable-next-line typescript/no-require-imports -- rhea does not export its frame constructors
const frames = require('rhea/lib/frames.js') as Frames;
/** rhea's type codec, including the reader and writer that its typings hide. */
export const types = rhea.types as unknown as RheaTypes;

interface Composite {
  described(): Typed;
}
/** Constructors of delivery states. */
export const outcomes = rhea.message as unknown as {
  accepted(): Composite;
  released(): Composite;
  rejected(fields: { error: { condition: string; description: string } }): Composite;
  modified(fields: object): Composite;
};

interface TransferFrame {
  performative: {
    message_format?: number;
    more?: boolean;
    aborted?: boolean;
    delivery_id?: number;
  };
  payload?: Buffer;
}

interface RawDelivery {
  id: number;
  settled: boolean;
  remote_settled: boolean;
}

interface RawReceiver {
  credit: number;
  delivery_count: number;
  _incomplete?: RawDelivery | undefined;
  close(error: { condition: string; description: string }): void;
  bytes?: number;
  is_open(): boolean;
}

interface RawSession {
  incoming: {
    on_transfer: (frame: TransferFrame, receiver: RawReceiver) => void;
    next_transfer_id: number;
  };
  outgoing: { available(): number; next_pending_delivery: number };
  on_disposition: (frame: { performative: { first: number; last?: number } }) => void;
  on_attach: (frame: {
    performative: { name: string; role: boolean; target?: { descriptor?: { value: unknown } } | undefined };
  }) => void;
  output(frame: unknown): void;
  links: Record<string, RawLink>;
}

interface RawConnection {
  accept(socket: Socket): void;
  _process: () => void;
  _register(): void;
  eof(): void;
  frame_size?: number;
  remote: { open?: unknown };
  sasl_transport?: { transports?: Record<number, { mechanism?: unknown }> };
}

interface RawSender {
  credit: number;
  delivery_count: number;
  _draining: boolean;
  _get_drain(): boolean;
}

/** A link, with a writable view of what the peer will see of it. */
interface RawLink {
  local: { attach: Record<string, unknown> };
  remote: { attach?: object; detach?: { closed?: boolean } };
  close(): void;
  detach(): void;
  is_receiver(): boolean;
}

/** rhea hands a message of this format over undecoded; any value but 0 does. */
const RAW_FORMAT = 1;
/** Most dispositions one frame may settle: far above any window we grant, far below a loop that stalls the process. */
const LONGEST_DISPOSITION = 65_536;

/** Starts AMQP on an accepted socket; every turn of frames leaves in one write. */
export function acceptSocket(connection: Connection, socket: Socket, maxFrameBytes: number): void {
  const raw = connection as unknown as RawConnection;
  const processTurn = raw._process;
  raw._process = (): void => {
    socket.cork();
    try {
      processTurn.call(raw);
    } catch (cause) {
      socket.destroy(cause instanceof Error ? cause : new Error(String(cause)));
    } finally {
      socket.uncork();
    }
  };
  raw.accept(socket);
  // rhea keeps its heartbeat timers until it sees the end, which a destroyed socket never shows.
  socket.on('close', () => raw.eof());
  // rhea would collect a frame of any announced size.
  socket.on('data', () => {
    if ((raw.frame_size ?? 0) > maxFrameBytes) socket.destroy(new Error('frame larger than max-frame-size'));
  });
}

/** The protocol header of AMQP 1.0.0. */
const AMQP_HEADER = Buffer.from('AMQP\0\x01\0\0', 'latin1');

/** Tells a peer that began with something else which protocol is spoken here (AMQP 1.0 part 2, 2.2). */
export function nameProtocol(socket: Socket): void {
  if (socket.bytesWritten === 0 && socket.writable) socket.write(AMQP_HEADER);
}

/** Closes a connection that broke the protocol; the frames go out before rhea ends the socket. */
export function closeAtOnce(connection: Connection, description: string): void {
  connection.close({ condition: 'amqp:connection:framing-error', description });
  (connection as unknown as RawConnection)._process();
}

/** What the SASL mechanism of this connection learnt, if SASL was used at all. */
export function saslMechanism(connection: Connection): unknown {
  return (connection as unknown as RawConnection).sasl_transport?.transports?.[3]?.mechanism;
}

/** True when the peer has sent its open frame. */
export function hasOpened(connection: Connection): boolean {
  return (connection as unknown as RawConnection).remote.open !== undefined;
}

/**
 * Makes a session hand over raw messages, drop the payload of messages above their link's limit while it counts it
 * (`sizeOfLast`), honour aborted transfers, and refuse transfers without credit and dispositions of absurd ranges.
 */
export function guardSession(session: Session): void {
  const raw = session as unknown as RawSession;
  const { incoming } = raw;
  const deliver = incoming.on_transfer;
  incoming.on_transfer = (frame, receiver): void => {
    const first = receiver._incomplete === undefined;
    if (first && receiver.credit <= 0) {
      throw new Error('transfer without link credit');
    }
    if (frame.performative.aborted) {
      incoming.next_transfer_id++;
      if (receiver._incomplete) {
        receiver._incomplete.settled = true;
        receiver._incomplete = undefined;
        receiver.credit--;
        receiver.delivery_count++;
        receiver.bytes = 0;
      }
      return;
    }
    if (first) frame.performative.message_format ||= RAW_FORMAT;
    frame.payload ??= Buffer.alloc(0);
    const bytes = (receiver.bytes ?? 0) + frame.payload.length;
    receiver.bytes = frame.performative.more ? bytes : 0;
    if (bytes > (sizeLimits.get(receiver) ?? 0)) frame.payload = Buffer.alloc(0);
    lastSize.set(receiver, bytes);
    deliver.call(incoming, frame, receiver);
  };
  const attach = raw.on_attach;
  raw.on_attach = (frame): void => {
    const { name, role, target } = frame.performative;
    if (target && COORDINATOR.has(target.descriptor?.value)) {
      coordinators.add(frame.performative);
      // rhea knows no coordinators and says so on the console.
      frame.performative.target = undefined;
    }
    // AMQP allows a link of the same name in each direction; rhea knows one link by each name.
    const other = raw.links[name];
    if (!other || other.is_receiver() === !role) return attach.call(raw, frame);
    frame.performative.name = `${name}${OTHER_DIRECTION}`;
    attach.call(raw, frame);
    const link = raw.links[frame.performative.name];
    if (link) link.local.attach['name'] = name;
  };
  const settle = raw.on_disposition;
  raw.on_disposition = (frame): void => {
    const { first, last } = frame.performative;
    if ((last ?? first) - first > LONGEST_DISPOSITION)
      throw new Error('disposition over too many deliveries');
    settle.call(raw, frame);
  };
}

const OTHER_DIRECTION = '\0other-direction';

/** A link's name on the wire. */
export function wireName(link: Sender | Receiver): string {
  return link.name.replace(OTHER_DIRECTION, '');
}

/** Descriptors of a target that is a transaction coordinator (AMQP 1.0 part 4, 4.5.1). */
const COORDINATOR: ReadonlySet<unknown> = new Set([0x30, 'amqp:coordinator:list']);
const coordinators = new WeakSet<object>();

/** True for a link that asks for transactions. */
export function isCoordinator(link: Sender | Receiver): boolean {
  const { attach } = (link as unknown as RawLink).remote;
  return attach !== undefined && coordinators.has(attach);
}

/** Answers a peer's detach in kind: rhea would close a link that the peer only detaches. Call it inside the close event. */
export function answerDetach(link: Sender | Receiver): void {
  const raw = link as unknown as RawLink;
  if (raw.remote.detach?.closed !== true) raw.close = () => raw.detach();
}

const lastSize = new WeakMap<object, number>();
const sizeLimits = new WeakMap<object, number>();

/** Sets the largest message that a link of a guarded session collects; without it, it collects none. */
export function limitSize(receiver: Receiver, bytes: number): void {
  sizeLimits.set(receiver, bytes);
}

/** Bytes of the message just received on this link, also of one whose payload was dropped for its size. */
export function sizeOfLast(receiver: Receiver): number {
  return lastSize.get(receiver) ?? 0;
}

/** Number of links on a session. */
export function linkCount(session: Session): number {
  return Object.keys((session as unknown as RawSession).links).length;
}

/** Sets fields of the attach that answers the peer's; call it inside the open event. */
export function answerAttach(link: Sender | Receiver, fields: Record<string, unknown>): void {
  Object.assign((link as unknown as RawLink).local.attach, fields);
}

/**
 * Settles deliveries of one session with their final state. rhea's own writer merges two neighbours with different
 * states into one frame, so this one writes the frames: one for each run of accepted ones, one for each other.
 */
export class Dispositions {
  private waiting: { delivery: RawDelivery; state: Typed; accepted: boolean }[] = [];

  /** @param isReceiver whether we receive on this session's link. */
  constructor(
    private readonly session: Session,
    private readonly isReceiver: boolean,
  ) {}

  settle(delivery: Delivery, state: Composite): void {
    const typed = state.described();
    const accepted = (typed.descriptor as { value: number }).value === 0x24;
    if (this.waiting.length === 0) process.nextTick(() => this.flush());
    this.waiting.push({ delivery, state: typed, accepted });
  }

  private flush(): void {
    const waiting = this.waiting;
    this.waiting = [];
    const { connection } = this.session;
    if (connection.is_open()) {
      for (let i = 0; i < waiting.length;) i = this.writeRun(waiting, i);
    }
    for (const { delivery } of waiting) {
      delivery.settled = true;
      // We forget a delivery once its final state is sent; rhea waits for the peer to settle as well.
      if (!this.isReceiver) delivery.remote_settled = true;
    }
    (connection as unknown as RawConnection)._register();
  }

  private writeRun(waiting: typeof this.waiting, start: number): number {
    const head = waiting[start];
    if (!head) return start + 1;
    let end = start + 1;
    let last = head.delivery.id;
    for (let next = waiting[end]; next; next = waiting[++end]) {
      if (!head.accepted || !next.accepted || next.delivery.id !== last + 1) break;
      last = next.delivery.id;
    }
    if (!head.delivery.remote_settled) {
      const first = head.delivery.id;
      const fields = { role: this.isReceiver, first, last, settled: true, state: head.state };
      (this.session as unknown as RawSession).output(frames.disposition(fields));
    }
    return end;
  }
}

/** What may still be sent on a link of ours to a receiver: its credit less what is handed to rhea and not yet written. */
export class OutgoingCredit {
  private unwritten: number[] = [];

  constructor(private readonly sender: Sender) {
    const raw = this.raw;
    // rhea answers a drain only when credit is left; a receiver whose last message crossed its drain waits for it too.
    raw._get_drain = () => {
      if (!raw._draining) return false;
      raw.delivery_count += raw.credit;
      raw.credit = 0;
      return true;
    };
  }

  private get raw(): RawSender {
    return this.sender as unknown as RawSender;
  }

  /** Called with each delivery handed to rhea. */
  sent(delivery: Delivery): void {
    this.unwritten.push(delivery.id);
  }

  /** How many more messages the receiver takes now. */
  room(): number {
    if (!this.sender.is_open()) return 0;
    const { outgoing } = this.sender.session as unknown as RawSession;
    while (this.unwritten.length > 0 && (this.unwritten[0] ?? 0) < outgoing.next_pending_delivery) {
      this.unwritten.shift();
    }
    return Math.min(this.raw.credit - this.unwritten.length, outgoing.available());
  }

  /** Answers a drain: everything available has been sent, the rest of the credit is used up. */
  drained(): void {
    this.sender.set_drained(true);
    (this.sender.connection as unknown as RawConnection)._register();
  }
}
