import { connect, type Socket } from 'node:net';
import { xSocket } from './x-display';

const PATIENCE_MS = 10_000;
const PROTOCOL = Buffer.from('MIT-MAGIC-COOKIE-1\0\0');

/** An X client that asks for nothing: it tells whether a cookie is accepted, and when the server goes. */
export interface XConnection {
  /** Resolves when the server has ended or was reset. */
  closed: Promise<void>;
  end(): void;
}

/**
 * Opens a connection to the X server of a display (X protocol, chapter 8, "Connection setup").
 * @returns undefined when the server refuses the cookie.
 * @throws Error when there is no server, or none that answers.
 */
export async function xConnect(display: number, cookie: string): Promise<XConnection | undefined> {
  const socket = connect(xSocket(display));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  try {
    if (await isAccepted(socket, cookie)) return { closed, end: () => socket.destroy() };
  } catch (error) {
    socket.destroy();
    throw error;
  }
  socket.destroy();
  return undefined;
}

function isAccepted(socket: Socket, cookie: string): Promise<boolean> {
  const hello = Buffer.alloc(12);
  hello.write('l', 'latin1');
  hello.writeUInt16LE(11, 2);
  hello.writeUInt16LE(PROTOCOL.length - 2, 6);
  hello.writeUInt16LE(16, 8);
  return new Promise((resolve, reject) => {
    socket.setTimeout(PATIENCE_MS, () => reject(new Error('The X server does not answer.')));
    socket.once('close', () => reject(new Error('The X server has closed the connection.')));
    socket.on('error', reject);
    socket.once('data', (answer: Buffer) => {
      socket.setTimeout(0);
      socket.resume();
      resolve(answer[0] === 1);
    });
    socket.write(Buffer.concat([hello, PROTOCOL, Buffer.from(cookie, 'hex')]));
  });
}
