import type { Delivery, EventContext, Receiver } from 'rhea';
import type { Target } from '../topic';
import { AmqpError, errors, toAmqp } from './amqp-error';
import { BATCH_FORMAT, parseBatch, parseMessage, type IncomingMessage } from './message-codec';
import { Dispositions, limitSize, outcomes, sizeOfLast } from './rhea-internals';

/** Answers the messages that a peer sends on one link: accepted once they are on disk, or rejected with the reason. */
export function serveProducer(receiver: Receiver, target: Target, maxMessageBytes: number): void {
  limitSize(receiver, maxMessageBytes);
  const dispositions = new Dispositions(receiver.session, true);
  receiver.on('message', ({ message, delivery }: EventContext) => {
    if (!delivery) return;
    const size = sizeOfLast(receiver);
    store(target, delivery, message as unknown, { size, maxMessageBytes }).then(
      () => dispositions.settle(delivery, outcomes.accepted()),
      (cause: unknown) => dispositions.settle(delivery, outcomes.rejected({ error: toAmqp(cause) })),
    );
  });
}

async function store(
  target: Target,
  delivery: Delivery,
  content: unknown,
  { size, maxMessageBytes }: { size: number; maxMessageBytes: number },
): Promise<void> {
  if (size > maxMessageBytes) throw new AmqpError(errors.tooLarge(size, maxMessageBytes));
  if (!Buffer.isBuffer(content)) throw new AmqpError(errors.badRequest('The transfer carries no message.'));
  await target.send(read(content, delivery.format));
}

function read(content: Buffer, format: number): IncomingMessage[] {
  return format === BATCH_FORMAT ? parseBatch(content) : [parseMessage(content)];
}
