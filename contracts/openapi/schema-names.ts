import type { z } from 'zod';
import { errorInfoSchema, machineReport } from '../agent-protocol';
import {
  consoleRunReport,
  consoleRunRequest,
  consoleRunStop,
  consoleRunView,
  leaseRequest,
  leaseResponse,
  registerRequest,
  registerResponse,
} from '../agent-api';
import {
  desktopFlowList,
  desktopFlowView,
  flowList,
  flowSet,
  flowSetResult,
  flowSummary,
  flowView,
  runAccepted,
  uploadedFile,
} from '../api-flows';
import {
  connectionList,
  health,
  issuedToken,
  machineList,
  machineView,
  queueSettingsView,
  queueView,
  tokenBody,
} from '../api-machines';
import { problem } from '../api-problem';
import {
  eventSourceBody,
  eventSourceList,
  eventSourceSecret,
  eventSourceView,
  eventsTaken,
  scheduleView,
  triggerEntry,
  triggerHistoryPage,
} from '../api-triggers';
import {
  artifactList,
  cancelAccepted,
  cancelBody,
  controlAccepted,
  controlBody,
  stopBody,
  cloudRunSummary,
  cloudRunView,
  desktopRunSummary,
  desktopRunView,
  runError,
  runList,
  runLog,
  runSummary,
  runView,
} from '../api-runs';
import { runActions } from '../api-run-actions';
import { capacityBody, capacityView } from '../capacity';
import { auditEntry, auditList } from '../audit';
import { planningView } from '../planning';
import {
  caseBody,
  caseDataBody,
  caseList,
  caseRunBody,
  caseStep,
  caseView,
  processDefinition,
  processList,
} from '../processes';
import { changesPage, changeView } from '../changes';
import { connectionTestView } from '../connection-test';
import { connection, connectionBody, connectionTarget } from '../connections';
import { eventGridEvent, incomingEvent } from '../events';
import { flowDefinition } from '../flow-definition';
import { flowAction, flowActions } from '../flow-definition/control-actions';
import { clusterBody, clusterList, clusterView, gatewayBody, gatewayList, gatewayView } from '../gateways';
import { groupBody, groupList, groupPatch, groupView } from '../machine-groups';
import { commandAccepted, machinePatch, queuePatch, releaseBody } from '../queues';
import {
  cloudEvent,
  deliveryList,
  deliveryView,
  replayBody,
  rotateBody,
  subscriptionBody,
  subscriptionList,
  subscriptionStored,
  subscriptionView,
} from '../outgoing-events';
import { actionStatus, timelineEntry } from '../runs';
import { openapiDocument } from './app-operations';
import { runInput } from './flow-operations';
import { sentEvents } from './trigger-operations';

/*
 * Names of the schemas in the document. What callers send and what they are answered are described apart: a property with a default may
 * be left out of the one and is always there in the other. Schemas without a name are written out where they are used.
 */

/** What callers send. */
export const requestSchemas: Readonly<Record<string, z.ZodType>> = {
  FlowDefinition: flowDefinition,
  FlowActions: flowActions,
  FlowAction: flowAction,
  FlowSet: flowSet,
  RunInput: runInput,
  SentEvents: sentEvents,
  CloudEvent: incomingEvent,
  EventGridEvent: eventGridEvent,
  EventSourceBody: eventSourceBody,
  CancelBody: cancelBody,
  ControlBody: controlBody,
  StopBody: stopBody,
  ConnectionBody: connectionBody,
  RegistrationTokenBody: tokenBody,
  MachinePatch: machinePatch,
  QueuePatch: queuePatch,
  ReleaseBody: releaseBody,
  GroupBody: groupBody,
  GroupPatch: groupPatch,
  GatewayBody: gatewayBody,
  ClusterBody: clusterBody,
  CapacityBody: capacityBody,
  ProcessDefinition: processDefinition,
  CaseBody: caseBody,
  CaseData: caseDataBody,
  CaseStep: caseStep,
  CaseRunBody: caseRunBody,
  SubscriptionBody: subscriptionBody,
  RotateBody: rotateBody,
  ReplayBody: replayBody,
  RegisterBody: registerRequest,
  LeaseBody: leaseRequest,
  ConsoleRunBody: consoleRunRequest,
  ConsoleRunReport: consoleRunReport,
  ConsoleRunStopBody: consoleRunStop,
};

/** What callers are answered. */
export const answerSchemas: Readonly<Record<string, z.ZodType>> = {
  Problem: problem,
  FlowSummary: flowSummary,
  Flow: flowView,
  StoredFlowDefinition: flowDefinition,
  StoredFlowActions: flowActions,
  StoredFlowAction: flowAction,
  FlowList: flowList,
  FlowSetResult: flowSetResult,
  UploadedFile: uploadedFile,
  RunAccepted: runAccepted,
  TriggerEntry: triggerEntry,
  TriggerHistoryPage: triggerHistoryPage,
  Schedule: scheduleView,
  EventSource: eventSourceView,
  EventSourceSecret: eventSourceSecret,
  EventSourceList: eventSourceList,
  EventsTaken: eventsTaken,
  RunSummary: runSummary,
  CloudRunSummary: cloudRunSummary,
  DesktopRunSummary: desktopRunSummary,
  RunList: runList,
  Run: runView,
  CloudRun: cloudRunView,
  DesktopRun: desktopRunView,
  ActionStatus: actionStatus,
  TimelineEntry: timelineEntry,
  ErrorInfo: errorInfoSchema,
  RunError: runError,
  RunLog: runLog,
  RunActions: runActions,
  ArtifactList: artifactList,
  CancelAccepted: cancelAccepted,
  ControlAccepted: controlAccepted,
  DesktopFlow: desktopFlowView,
  DesktopFlowList: desktopFlowList,
  Connection: connection,
  ConnectionTarget: connectionTarget,
  ConnectionList: connectionList,
  ConnectionTest: connectionTestView,
  RegistrationToken: issuedToken,
  Machine: machineView,
  MachineReport: machineReport,
  MachineList: machineList,
  QueueSettings: queueSettingsView,
  Queue: queueView,
  Group: groupView,
  GroupList: groupList,
  Gateway: gatewayView,
  GatewayList: gatewayList,
  Cluster: clusterView,
  ClusterList: clusterList,
  Change: changeView,
  ChangesPage: changesPage,
  Subscription: subscriptionView,
  StoredSubscription: subscriptionStored,
  SubscriptionList: subscriptionList,
  Delivery: deliveryView,
  DeliveryList: deliveryList,
  OutgoingEvent: cloudEvent,
  Capacity: capacityView,
  Planning: planningView,
  ProcessList: processList,
  StoredProcessDefinition: processDefinition,
  Case: caseView,
  CaseList: caseList,
  AuditEntry: auditEntry,
  AuditList: auditList,
  CommandAccepted: commandAccepted,
  Registration: registerResponse,
  Lease: leaseResponse,
  ConsoleRun: consoleRunView,
  Health: health,
  OpenApiDocument: openapiDocument,
};
