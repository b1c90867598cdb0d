import { getCapacity } from '../../functions/capacity/get-capacity.http';
import { putCapacity } from '../../functions/capacity/put-capacity.http';
import { getConnection } from '../../functions/connections/get-connection.http';
import { putConnection } from '../../functions/connections/put-connection.http';
import type { DurableHandler, Handler } from '../../functions/http';
import { deleteMachine } from '../../functions/machines/delete-machine.http';
import { getMachineQueue } from '../../functions/machines/get-machine-queue.http';
import { getMachine } from '../../functions/machines/get-machine.http';
import { listMachines } from '../../functions/machines/list-machines.http';
import { patchMachineQueue } from '../../functions/machines/patch-machine-queue.http';
import { patchMachine } from '../../functions/machines/patch-machine.http';
import { releaseMachine } from '../../functions/machines/release-machine.http';
import { getRun } from '../../functions/runs/get-run.http';
import type { Ports } from '../../adapters/ports';

export type ApiRoute = { method: string; path: string } & ({ plain: Handler } | { durable: DurableHandler });

/** The routes of app.ts that have to do with machines, queues, groups, gateways and connections. */
export function apiRoutes(ports: Ports): ApiRoute[] {
  const queues = 'machines/{machine}/queue';
  return [
    { method: 'GET', path: 'machines', plain: listMachines(ports) },
    { method: 'GET', path: 'machines/{machine}', durable: getMachine(ports) },
    { method: 'PATCH', path: 'machines/{machine}', durable: patchMachine(ports) },
    { method: 'DELETE', path: 'machines/{machine}', durable: deleteMachine(ports) },
    { method: 'GET', path: queues, durable: getMachineQueue(ports) },
    { method: 'POST', path: `${queues}/release`, durable: releaseMachine(ports) },
    { method: 'PATCH', path: `${queues}/{run}`, durable: patchMachineQueue(ports) },
    { method: 'GET', path: 'capacity', durable: getCapacity(ports) },
    { method: 'PUT', path: 'capacity', durable: putCapacity(ports) },
    { method: 'GET', path: 'runs/{run}', durable: getRun(ports) },
    { method: 'PUT', path: 'connections/{name}', plain: putConnection(ports) },
    { method: 'GET', path: 'connections/{name}', plain: getConnection(ports) },
  ];
}
