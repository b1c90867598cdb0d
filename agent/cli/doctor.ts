import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { systemClock } from '../clock';
import { ControlPlane } from '../control-plane/control-plane';
import { messageOf } from '../errors';
import { lockHolder } from '../identity/data-lock';
import { installationOf, readIdentity } from '../identity/identity';
import { Signer } from '../identity/keys';
import type { Network } from '../link/network';
import { availableKinds } from '../runner/commands';
import { chooseSessionKind, type SessionKind } from '../session/choose';
import { findTool, NO_XVFB } from '../session/linux/tools';
import { ownSession } from '../session/own';
import { findFreeRdp, NO_FREE_RDP } from '../session/windows/free-rdp-client';
import { readSystem } from '../session/windows/system';
import { runTool } from '../system/run-tool';

export interface Check {
  name: string;
  ok: boolean;
  text: string;
}

export interface DoctorOptions {
  dataDir: string;
  session: SessionKind;
  network: Network;
}

const MIN_NODE_MAJOR = 20;
const MIN_FREE_BYTES = 500 * 1024 * 1024;
const MAX_CLOCK_OFFSET_MS = 5 * 60_000;

/** Checks what the agent needs, one by one (row J2). Nothing is changed; a running agent is not disturbed. */
export async function doctor(options: DoctorOptions): Promise<Check[]> {
  const { dataDir, session: sessionKind } = options;
  const checks: Check[] = [];
  const check = async (name: string, test: () => Promise<string>): Promise<boolean> => {
    try {
      checks.push({ name, ok: true, text: await test() });
      return true;
    } catch (error) {
      checks.push({ name, ok: false, text: messageOf(error) });
      return false;
    }
  };
  await check('node', async () => {
    const major = Number(process.versions.node.split('.')[0]);
    if (major < MIN_NODE_MAJOR)
      throw new Error(`Node ${process.versions.node}; ${MIN_NODE_MAJOR} or later is needed.`);
    return `Node ${process.versions.node}`;
  });
  await check('data folder', async () => {
    await access(dataDir, constants.R_OK | constants.W_OK);
    const disk = await statfs(dataDir);
    const free = disk.bavail * disk.bsize;
    if (free < MIN_FREE_BYTES) throw new Error(`Only ${Math.round(free / 1e6)} MB are free on ${dataDir}.`);
    return `${dataDir}, ${(free / 1e9).toFixed(1)} GB free`;
  });
  await check('session', async () => {
    const { kind, why } = chooseSessionKind(sessionKind);
    if (kind === 'linux' && findTool('Xvfb') === undefined) throw new Error(NO_XVFB);
    if (kind === 'windows') {
      const { problem } = await readSystem(runTool);
      if (problem) throw new Error(problem);
      if (findFreeRdp() === undefined) throw new Error(NO_FREE_RDP);
    }
    const { os, sessions } = await ownSession().report();
    const user = sessions.map((session) => session.user).join(', ');
    return `${os}, agent of ${user}; runs get ${kind === 'own' ? 'its own session' : 'sessions of their users'}: ${why}`;
  });
  await check('runners', async () => (await availableKinds(process.env['PATH'] ?? '')).join(', '));
  await check('service', async () => {
    const pid = await lockHolder(dataDir);
    if (pid === undefined)
      throw new Error(
        'The agent is not running. Start its service (systemctl start attendant-agent, schtasks /run /tn attendant-agent), or attendant-agent run.',
      );
    return `running, pid ${pid}`;
  });
  await checkConnection(options, check);
  return checks;
}

async function checkConnection(
  { dataDir, network }: DoctorOptions,
  check: (name: string, test: () => Promise<string>) => Promise<boolean>,
): Promise<void> {
  const identity = await readIdentity(dataDir).catch(() => undefined);
  const registered = await check('registration', async () => {
    if (!identity) throw new Error('Not registered: attendant-agent register.');
    return `${identity.name} (${identity.machine}) at ${identity.url}`;
  });
  if (!registered || !identity) return;
  const { url, machine, signing } = identity;
  const signer = new Signer(machine, signing.privateKey);
  const controlPlane = new ControlPlane({ url, clock: systemClock, signer, fetch: network.fetch });
  const reached = await check('network', async () => {
    await controlPlane.reach();
    return `${url} answers`;
  });
  if (!reached) return;
  let lease: Awaited<ReturnType<ControlPlane['lease']>> | undefined;
  const leased = await check('credentials', async () => {
    lease = await controlPlane.lease(installationOf(dataDir));
    return 'the signature of this machine is accepted';
  });
  if (!leased || !lease) return;
  await check('clock', async () => {
    const seconds = Math.round(controlPlane.clockOffsetMs / 1000);
    if (Math.abs(controlPlane.clockOffsetMs) > MAX_CLOCK_OFFSET_MS) throw new Error(`${seconds} s off.`);
    return `${seconds} s off the control plane`;
  });
  const { events } = lease;
  await check('broker', async () => {
    await network.probe(events);
    return 'reached over AMQP, access granted';
  });
}
