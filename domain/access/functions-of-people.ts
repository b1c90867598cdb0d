import type { Permission } from './permissions';

/** What a function asks of its caller; one that changes something says what it does, for the audit log. */
interface Rule {
  needs: Permission;
  does?: string;
}

const reads = (needs: Permission): Rule => ({ needs });
const changes = (needs: Permission, does: string): Rule & { does: string } => ({ needs, does });

/**
 * Every HTTP function that people call, by its name in app.ts (row L8). Outside it are those that prove their callers themselves: agents' signed
 * routes and the receivers of events; and what anybody may ask: health and the API's description.
 */
export const functionsOfPeople = {
  'list-flows': reads('lookUpFlows'),
  'get-flow': reads('lookUpFlows'),
  'upload-file': changes('startFlows', 'upload a file'),
  'run-flow': changes('startFlows', 'start a run'),

  'list-runs': reads('listRuns'),
  'get-run': reads('seeRuns'),
  'get-run-logs': reads('seeRuns'),
  'list-run-actions': reads('seeRuns'),
  'get-run-value': reads('seeRuns'),
  'list-artifacts': reads('seeRuns'),
  'get-artifact': reads('seeRuns'),
  'cancel-run': changes('endRuns', 'cancel a run'),
  'stop-run': changes('endRuns', 'stop a run'),
  'pause-run': changes('operate', 'pause a run'),
  'resume-run': changes('operate', 'resume a run'),
  'resubmit-run': changes('operate', 'resubmit a run'),

  'list-machines': reads('see'),
  'get-machine': reads('see'),
  'get-machine-queue': reads('see'),
  'patch-machine': changes('operate', 'change a machine'),
  'patch-machine-queue': changes('operate', 'change a queued run'),
  'release-machine': changes('operate', 'release a machine by hand'),
  'delete-machine': changes('administer', 'delete a machine'),
  'issue-registration-token': changes('administer', 'issue a registration token'),
  'list-groups': reads('see'),
  'get-group': reads('see'),
  'get-group-queue': reads('see'),
  'patch-group': changes('operate', 'change a machine group'),
  'patch-group-queue': changes('operate', 'change a queued run'),
  'create-group': changes('administer', 'create a machine group'),
  'delete-group': changes('administer', 'delete a machine group'),
  'add-member': changes('administer', 'add a machine to a group'),
  'remove-member': changes('administer', 'remove a machine from a group'),
  'list-gateways': reads('see'),
  'get-gateway': reads('see'),
  'put-gateway': changes('administer', 'store a gateway'),
  'delete-gateway': changes('administer', 'delete a gateway'),
  'list-clusters': reads('see'),
  'get-cluster': reads('see'),
  'put-cluster': changes('administer', 'store a gateway cluster'),
  'delete-cluster': changes('administer', 'delete a gateway cluster'),
  'get-capacity': reads('see'),
  'put-capacity': changes('administer', 'set the number of unattended bots'),
  'get-planning': reads('see'),
  'stream-changes': reads('see'),
  'list-changes': reads('see'),

  'put-flow': changes('administer', 'store a cloud flow'),
  'put-flows': changes('administer', 'store a set of cloud flows'),
  'delete-flow': changes('administer', 'delete a cloud flow'),
  'enable-flow': changes('operate', 'enable a cloud flow'),
  'disable-flow': changes('operate', 'disable a cloud flow'),
  'get-schedule': reads('see'),
  'list-triggers': reads('see'),
  'list-event-sources': reads('see'),
  'put-event-source': changes('administer', 'store an event source'),
  'delete-event-source': changes('administer', 'delete an event source'),
  'list-desktop-flows': reads('see'),
  'get-desktop-flow': reads('see'),
  'put-desktop-flow': changes('administer', 'publish a desktop flow'),
  'list-connections': reads('see'),
  'get-connection': reads('see'),
  'put-connection': changes('administer', 'store a connection'),
  'start-connection-test': changes('operate', 'test a connection'),
  'get-connection-test': reads('see'),

  'list-processes': reads('see'),
  'get-process': reads('see'),
  'put-process': changes('administer', 'store a business process'),
  'delete-process': changes('administer', 'delete a business process'),
  'list-cases': reads('see'),
  'get-case': reads('see'),
  'begin-case': changes('operate', 'begin a case'),
  'patch-case': changes('operate', 'change the data of a case'),
  'advance-case': changes('operate', 'advance a case'),
  'go-back-case': changes('operate', 'take a case back a stage'),
  'abandon-case': changes('operate', 'abandon a case'),
  'run-case-flow': changes('operate', 'start a flow of a case'),

  'list-subscriptions': reads('see'),
  'get-subscription': reads('see'),
  'put-subscription': changes('administer', 'store an event subscription'),
  'delete-subscription': changes('administer', 'delete an event subscription'),
  'rotate-secret': changes('administer', 'rotate the secret of an event subscription'),
  'replay-events': changes('operate', 'replay outgoing events'),
  'list-deliveries': reads('see'),
  'retry-delivery': changes('operate', 'deliver an outgoing event again'),

  'list-audit': reads('administer'),
} as const satisfies Record<string, Rule>;

export type FunctionOfPeople = keyof typeof functionsOfPeople;

/** What the function asks of its caller. */
export function ruleOf(name: FunctionOfPeople): Rule {
  return functionsOfPeople[name];
}
