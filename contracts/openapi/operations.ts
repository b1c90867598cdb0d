import { agentOperations } from './agent-operations';
import { auditOperations } from './audit-operations';
import { appOperations } from './app-operations';
import { capacityOperations } from './capacity-operations';
import { processOperations } from './process-operations';
import { planningOperations } from './planning-operations';
import { connectionOperations } from './connection-operations';
import { desktopFlowOperations } from './desktop-flow-operations';
import { feedOperations } from './feed-operations';
import { flowOperations } from './flow-operations';
import { gatewayOperations } from './gateway-operations';
import { groupOperations } from './group-operations';
import { machineOperations } from './machine-operations';
import type { Operation } from './operation';
import { queueOperations } from './queue-operations';
import { runOperations } from './run-operations';
import { subscriptionOperations } from './subscription-operations';
import { triggerOperations } from './trigger-operations';

/** Every HTTP operation of the app. */
export const operations: readonly Operation[] = [
  ...flowOperations,
  ...triggerOperations,
  ...runOperations,
  ...desktopFlowOperations,
  ...connectionOperations,
  ...machineOperations,
  ...queueOperations,
  ...groupOperations,
  ...gatewayOperations,
  ...feedOperations,
  ...subscriptionOperations,
  ...capacityOperations,
  ...planningOperations,
  ...processOperations,
  ...auditOperations,
  ...agentOperations,
  ...appOperations,
];
