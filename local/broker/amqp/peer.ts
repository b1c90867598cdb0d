import type { Connection, EventContext, Receiver, Sender, Session } from 'rhea';
import type { Socket } from 'node:net';
import { Claims } from '../claims';
import { parseAddress, type EntityAddress, type Namespace } from '../namespace';
import { Queue } from '../queue';
import type { Right } from '../sas';
import type { Target } from '../topic';
import { errors, type AmqpCondition } from './amqp-error';
import { handleCbs } from './cbs';
import { ConsumerLink } from './consumer-link';
import { handleManagement } from './management';
import { serveProducer } from './producer-link';
import { ReplyLinks, serveRequests } from './request-link';
import {
  acceptSocket,
  answerAttach,
  answerDetach,
  closeAtOnce,
  guardSession,
  hasOpened,
  isCoordinator,
  linkCount,
  nameProtocol,
  saslMechanism,
  wireName,
} from './rhea-internals';
import { PlainMechanism } from './sasl';

/** What all connections of a broker share. */
export interface PeerContext {
  namespace: Namespace;
  maxMessageBytes: number;
  log(message: string, detail: Record<string, unknown>): void;
}

export const MAX_FRAME_BYTES = 65_536;
const MAX_LINKS = 4_999;
const SESSION_FILTER = 'com.microsoft:session-filter';
/** A peer that has not opened its connection by then is dropped. */
const HANDSHAKE_MS = 20_000;
/** After a fault the peer has this long to take our last frames. */
const LINGER_MS = 1_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface OpenLink {
  link: Sender | Receiver;
  address: EntityAddress;
  target: Target;
  /** One of these is needed. */
  rights: Right[];
  leave?: () => void;
}

/** One client connection: its tokens and its links. */
export class Peer {
  private readonly claims: Claims;
  private readonly replyLinks = new ReplyLinks();
  private readonly links = new Set<OpenLink>();
  private expiryTimer: NodeJS.Timeout | undefined;
  private readonly handshake: NodeJS.Timeout;

  constructor(
    private readonly connection: Connection,
    private readonly socket: Socket,
    private readonly context: PeerContext,
  ) {
    this.claims = new Claims(context.namespace, () => Date.now());
    this.handshake = setTimeout(() => {
      if (!hasOpened(connection)) this.drop(new Error('no AMQP open in time'));
    }, HANDSHAKE_MS);
    this.handshake.unref();
    this.listen();
    socket.on('close', () => this.closed());
    acceptSocket(connection, socket, MAX_FRAME_BYTES);
  }

  /** Says goodbye and closes; the client takes it as a reason to connect again. */
  close(): void {
    this.connection.close({ condition: 'amqp:connection:forced', description: 'The broker is stopping.' });
    this.linger();
  }

  /** Closes links whose entity is gone or whose right has run out or been taken away. */
  recheck(): void {
    for (const open of this.links) {
      const refusal = this.refusal(open.address, open.target, open.rights);
      if (refusal) this.shut(open, refusal);
    }
    this.watchExpiry();
  }

  private listen(): void {
    const { connection } = this;
    const fault = (cause: unknown): void => {
      this.context.log('A connection broke the protocol.', { cause: String(cause) });
      if (hasOpened(connection)) closeAtOnce(connection, String(cause));
      else nameProtocol(this.socket);
      this.linger();
    };
    connection.on('protocol_error', fault);
    connection.on('error', fault);
    for (const event of ['connection_error', 'session_error', 'disconnected', 'connection_close']) {
      connection.on(event, () => undefined);
    }
    connection.on('connection_open', () => {
      const mechanism = saslMechanism(connection);
      if (mechanism instanceof PlainMechanism && mechanism.identity) {
        this.claims.putKey(mechanism.identity.name, mechanism.identity.key);
      }
    });
    connection.on('session_open', ({ session }: EventContext) => {
      if (session) guardSession(session);
    });
    connection.on('session_close', ({ session }: EventContext) => this.endSession(session));
    connection.on('sender_open', ({ sender }: EventContext) => sender && this.openSender(sender));
    connection.on('receiver_open', ({ receiver }: EventContext) => receiver && this.openReceiver(receiver));
    for (const event of ['sender_close', 'sender_error', 'receiver_close', 'receiver_error']) {
      connection.on(event, ({ sender, receiver }: EventContext) => this.endLink(sender ?? receiver));
    }
  }

  private openSender(sender: Sender): void {
    const address = this.addressOf(sender, sender.source?.address);
    if (!address) return;
    if (SESSION_FILTER in (sender.source.filter ?? {})) return this.refuse(sender, errors.noSessions());
    sender.set_source({ address: sender.source.address });
    if (sender.target) sender.set_target({ address: sender.target.address });
    answerAttach(sender, {
      rcv_settle_mode: sender.rcv_settle_mode,
      max_message_size: this.context.maxMessageBytes,
    });
    if (address.path === '$cbs') return this.replyLinks.add(sender);
    const rights: Right[] = address.management ? ['Listen', 'Send'] : ['Listen'];
    const open = this.admit(sender, address, rights);
    if (!open) return;
    if (address.management) return this.replyLinks.add(sender);
    answerAttach(sender, { snd_settle_mode: sender.snd_settle_mode });
    if (!(open.target instanceof Queue))
      return this.shut(open, errors.notImplemented('Receiving from a topic'));
    const consumer = new ConsumerLink(sender, open.target, address.dead);
    open.leave = () => consumer.leave();
  }

  private openReceiver(receiver: Receiver): void {
    const address = this.addressOf(receiver, receiver.target?.address);
    if (!address) return;
    const { maxMessageBytes } = this.context;
    receiver.set_target({ address: receiver.target.address });
    if (receiver.source) receiver.set_source({ address: receiver.source.address });
    answerAttach(receiver, { snd_settle_mode: receiver.snd_settle_mode, max_message_size: maxMessageBytes });
    const { replyLinks } = this;
    if (address.path === '$cbs') {
      return serveRequests(receiver, {
        style: 'cbs',
        replyLinks,
        handle: (operation, request) => {
          const reply = handleCbs(this.claims, operation, request);
          this.recheck();
          return reply;
        },
      });
    }
    const open = this.admit(receiver, address, address.management ? ['Listen', 'Send'] : ['Send']);
    if (!open) return;
    const { target } = open;
    if (!address.management) return serveProducer(receiver, target, maxMessageBytes);
    if (!(target instanceof Queue)) return this.shut(open, errors.notImplemented('Scheduling on a topic'));
    serveRequests(receiver, {
      style: 'management',
      replyLinks,
      handle: (operation, request) =>
        handleManagement({ queue: target, address, maxMessageBytes }, operation, request, (right) =>
          this.claims.allows(address.path, right),
        ),
    });
  }

  /** Refuses what can never be served. */
  private addressOf(link: Sender | Receiver, address: unknown): EntityAddress | undefined {
    if (linkCount(link.session) > MAX_LINKS) return this.refuse(link, errors.tooManyLinks(MAX_LINKS));
    if (typeof address === 'string' && address !== '') return parseAddress(address);
    const what = isCoordinator(link) ? 'A transaction' : 'A link without an address';
    return this.refuse(link, errors.notImplemented(what));
  }

  private admit(link: Sender | Receiver, address: EntityAddress, rights: Right[]): OpenLink | undefined {
    const target = this.context.namespace.target(address.queue);
    const refusal = this.refusal(address, target, rights);
    if (refusal ?? !target) return this.refuse(link, refusal ?? errors.notFound(address.path));
    if (address.dead && !address.management && link.is_receiver()) {
      return this.refuse(link, errors.notImplemented('Sending to a dead-letter queue'));
    }
    const open = { link, address, target, rights };
    this.links.add(open);
    this.watchExpiry();
    return open;
  }

  private refusal(
    address: EntityAddress,
    target: Target | undefined,
    rights: Right[],
  ): AmqpCondition | undefined {
    if (!rights.some((right) => this.claims.allows(address.path, right))) {
      return errors.missingRight(rights.join("' or '"), address.path);
    }
    if (!target || this.context.namespace.target(address.queue) !== target)
      return errors.notFound(address.path);
    return undefined;
  }

  private refuse(link: Sender | Receiver, error: AmqpCondition): undefined {
    const { condition, description } = error;
    // AMQP 1.0, 2.6.3: an attach without its terminus says that a detach with the reason follows. Clients of .NET take the link as open otherwise.
    answerAttach(link, link.is_sender() ? { source: undefined } : { target: undefined });
    this.context.log('A link was refused.', { link: wireName(link), condition, description });
    link.close({ condition, description });
  }

  private shut(open: OpenLink, error: AmqpCondition): void {
    this.refuse(open.link, error);
    this.forget(open);
  }

  private endLink(link: Sender | Receiver | undefined): void {
    if (!link) return;
    answerDetach(link);
    if (link.is_sender()) this.replyLinks.remove(link as Sender);
    for (const open of this.links) if (open.link === link) this.forget(open);
  }

  private endSession(session: Session | undefined): void {
    for (const open of this.links) if (open.link.session === session) this.endLink(open.link);
  }

  private forget(open: OpenLink): void {
    this.links.delete(open);
    open.leave?.();
  }

  private watchExpiry(): void {
    clearTimeout(this.expiryTimer);
    this.expiryTimer = undefined;
    const next = this.claims.nextExpiryMs();
    if (next === Infinity || this.links.size === 0) return;
    const delay = Math.min(Math.max(next - Date.now(), 0) + 1, LONGEST_TIMER_MS);
    this.expiryTimer = setTimeout(() => this.recheck(), delay);
    this.expiryTimer.unref();
  }

  private linger(): void {
    setTimeout(() => this.drop(), LINGER_MS).unref();
  }

  private drop(cause?: Error): void {
    this.socket.destroy(cause);
  }

  private closed(): void {
    clearTimeout(this.handshake);
    clearTimeout(this.expiryTimer);
    for (const open of this.links) this.forget(open);
  }
}
