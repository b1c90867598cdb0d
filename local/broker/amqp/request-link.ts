import rhea, { type EventContext, type Receiver, type Sender } from 'rhea';
import { errors, toAmqp } from './amqp-error';
import {
  answerAttach,
  Dispositions,
  limitSize,
  outcomes,
  sizeOfLast,
  types,
  wireName,
} from './rhea-internals';

/** A decoded request message. */
export type Request = Record<string, unknown>;

/** What a request is answered with, besides its status. */
export interface Reply {
  status: number;
  description: string;
  body?: unknown;
  properties?: Record<string, unknown>;
}

/** Links on which a peer waits for answers, by the addresses that its requests may name in reply-to. */
export class ReplyLinks {
  private readonly links = new Map<string, Sender>();

  add(sender: Sender): void {
    // Answers need no settlement when the peer leaves the mode to us.
    if (sender.snd_settle_mode !== 0) answerAttach(sender, { snd_settle_mode: 1 });
    for (const address of addressesOf(sender)) this.links.set(address, sender);
  }

  remove(sender: Sender): void {
    for (const address of addressesOf(sender))
      if (this.links.get(address) === sender) this.links.delete(address);
  }

  find(replyTo: string): Sender | undefined {
    return this.links.get(replyTo);
  }
}

function addressesOf(sender: Sender): string[] {
  const target: unknown = sender.target?.address;
  return typeof target === 'string' ? [wireName(sender), target] : [wireName(sender)];
}

/** The two names that one property of an answer has: $cbs writes the first, $management the second. */
export type ReplyStyle = 'cbs' | 'management';
const NAMES = {
  cbs: { status: 'status-code', description: 'status-description', condition: 'error-condition' },
  management: { status: 'statusCode', description: 'statusDescription', condition: 'errorCondition' },
};

/** A request may carry several messages (bytes). */
const LONGEST_REQUEST = 4 * 1024 * 1024;

/** Answers the requests that arrive on a link, each on the link that its reply-to names. */
export function serveRequests(
  receiver: Receiver,
  { style, replyLinks, handle }: { style: ReplyStyle; replyLinks: ReplyLinks; handle: RequestHandler },
): void {
  limitSize(receiver, LONGEST_REQUEST);
  const dispositions = new Dispositions(receiver.session, true);
  receiver.on('message', ({ message, delivery }: EventContext) => {
    if (!delivery) return;
    const size = sizeOfLast(receiver);
    if (size > LONGEST_REQUEST) {
      // Nothing is left to tell which request it was: whoever waits on this link has to know.
      const { condition, description } = errors.tooLarge(size, LONGEST_REQUEST);
      return receiver.close({ condition, description });
    }
    let request: Request;
    try {
      request = rhea.message.decode(message as unknown as Buffer);
    } catch {
      const error = { condition: 'amqp:decode-error', description: 'The request is not an AMQP message.' };
      return dispositions.settle(delivery, outcomes.rejected({ error }));
    }
    dispositions.settle(delivery, outcomes.accepted());
    answer(handle, request).then(
      (reply) => send(replyLinks.find(String(request['reply_to'])), request, reply, style),
      () => undefined,
    );
  });
}

/** Does what a request asks. A failure becomes the answer. */
export type RequestHandler = (operation: string, request: Request) => Promise<Reply> | Reply;

async function answer(handle: RequestHandler, request: Request): Promise<Reply & { condition?: string }> {
  try {
    const properties = (request['application_properties'] ?? {}) as Record<string, unknown>;
    return await handle(String(properties['operation']), request);
  } catch (cause) {
    const { status, description, condition } = toAmqp(cause);
    return { status, description, condition };
  }
}

function send(
  link: Sender | undefined,
  request: Request,
  { status, description, condition, body, properties }: Reply & { condition?: string },
  style: ReplyStyle,
): void {
  if (!link?.is_open() || link.session === undefined) return;
  const names = NAMES[style];
  const answered = {
    correlation_id: (request['message_id'] ?? request['correlation_id']) as string,
    application_properties: {
      [names.status]: types.wrap_int(status),
      [names.description]: description,
      ...(condition === undefined ? {} : { [names.condition]: rhea.types.wrap_symbol(condition) }),
      ...properties,
    },
    body: body ?? null,
  };
  link.send(answered);
}
