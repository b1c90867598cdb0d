import { z } from 'zod';
import { desktopFlowList, desktopFlowView } from '../api-flows';
import { resourceName } from '../ids';
import { manifest, PACKAGE_HASH, REQUESTED } from './examples';
import { answer, bytesBody, type Operation, parameters } from './operation';

const name = parameters(z.object({ name: resourceName.describe('Name of the desktop flow.') }), {
  name: 'invoices',
});
const view = { ...manifest, package: PACKAGE_HASH, updatedAt: REQUESTED };

export const desktopFlowOperations: readonly Operation[] = [
  {
    name: 'put-desktop-flow',
    method: 'PUT',
    route: 'desktop-flows/{name}',
    tag: 'Desktop flows',
    summary: 'Publish a desktop flow',
    description:
      'The body is a zip with `desktop-flow.yaml` at its top. Runs that were already told to go keep the package they were given.',
    access: 'key',
    path: name,
    body: bytesBody('application/zip'),
    answers: [answer({ what: 'The desktop flow as published.' }, desktopFlowView, view)],
    errors: ['InvalidPackage', 'BodyTooLarge'],
  },
  {
    name: 'list-desktop-flows',
    method: 'GET',
    route: 'desktop-flows',
    tag: 'Desktop flows',
    summary: 'List desktop flows',
    access: 'key',
    answers: [answer({ what: 'All desktop flows.' }, desktopFlowList, { desktopFlows: [view] })],
    errors: [],
  },
  {
    name: 'get-desktop-flow',
    method: 'GET',
    route: 'desktop-flows/{name}',
    tag: 'Desktop flows',
    summary: 'Show a desktop flow',
    access: 'key',
    path: name,
    answers: [answer({ what: 'The desktop flow.' }, desktopFlowView, view)],
    errors: ['DesktopFlowNotFound'],
  },
];
