import { app } from '@azure/functions';
import * as df from 'durable-functions';
import { appNow } from './adapters/app-clock';
import { deliverEffects } from './adapters/deliver-effects';
import { declareInside } from './adapters/host-services';
import { instancesOf } from './adapters/instances';
import { createPorts } from './adapters/ports-factory';
import { RunSpeakers } from './adapters/run-speakers';
import { AGENT_EVENTS_QUEUE } from './contracts/agent-protocol';
import { queueCourierEntity } from './entities/queue-courier.entity';
import { QUEUE_COURIER, RUN_QUEUE, UNATTENDED_CAPACITY } from './entities/queue-names';
import { QUEUE_WATCH, queueWatchEntity } from './entities/queue-watch.entity';
import { runQueueEntity } from './entities/run-queue.entity';
import { unattendedCapacityEntity } from './entities/unattended-capacity.entity';
import { getConsoleRun, startConsoleRun, stopConsoleRun } from './functions/agent-api/console-runs.http';
import { getFile } from './functions/agent-api/get-file.http';
import { getPackage } from './functions/agent-api/get-package.http';
import { leaseAgent } from './functions/agent-api/lease-agent.http';
import { listConsoleFlows } from './functions/agent-api/list-console-flows.http';
import { putArtifact } from './functions/agent-api/put-artifact.http';
import { reportConsoleRun } from './functions/agent-api/report-console-run.http';
import { registerAgent } from './functions/agent-api/register-agent.http';
import { receiveAgentEvents } from './functions/agent-events/receive-agent-events.servicebus';
import { getOpenapi } from './functions/api-docs/get-openapi.http';
import { listAudit } from './functions/audit/list-audit.http';
import { getCapacity } from './functions/capacity/get-capacity.http';
import { putCapacity } from './functions/capacity/put-capacity.http';
import { getConnection } from './functions/connections/get-connection.http';
import { getConnectionTest } from './functions/connections/get-connection-test.http';
import { listConnections } from './functions/connections/list-connections.http';
import { putConnection } from './functions/connections/put-connection.http';
import { startConnectionTest } from './functions/connections/start-connection-test.http';
import { getDesktopFlow } from './functions/desktop-flows/get-desktop-flow.http';
import { listDesktopFlows } from './functions/desktop-flows/list-desktop-flows.http';
import { putDesktopFlow } from './functions/desktop-flows/put-desktop-flow.http';
import { deleteEventSource, listEventSources, putEventSource } from './functions/events/event-sources.http';
import { greetEventSender } from './functions/events/greet-sender.http';
import { receiveDelivered } from './functions/events/receive-delivered';
import { receiveEvents } from './functions/events/receive-events.http';
import { uploadFile } from './functions/files/upload-file.http';
import { deleteFlow, disableFlow, enableFlow } from './functions/flows/change-flow.http';
import { getFlow } from './functions/flows/get-flow.http';
import { listFlows } from './functions/flows/list-flows.http';
import { listTriggers } from './functions/flows/list-triggers.http';
import { putFlow } from './functions/flows/put-flow.http';
import { putFlows } from './functions/flows/put-flows.http';
import { runFlow } from './functions/flows/run-flow.http';
import { deleteCluster, getCluster, listClusters, putCluster } from './functions/gateways/clusters.http';
import { watchGateways } from './functions/gateways/gateway-watch.timer';
import { deleteGateway, getGateway, listGateways, putGateway } from './functions/gateways/gateways.http';
import { getHealth } from './functions/health/get-health.http';
import { createGroup } from './functions/machine-groups/create-group.http';
import { deleteGroup } from './functions/machine-groups/delete-group.http';
import { getGroup, getGroupQueue } from './functions/machine-groups/get-group.http';
import { listGroups } from './functions/machine-groups/list-groups.http';
import { addMember, removeMember } from './functions/machine-groups/move-member';
import { patchGroupQueue } from './functions/machine-groups/patch-group-queue.http';
import { patchGroup } from './functions/machine-groups/patch-group.http';
import { deleteMachine } from './functions/machines/delete-machine.http';
import { getMachineQueue } from './functions/machines/get-machine-queue.http';
import { getMachine } from './functions/machines/get-machine.http';
import { issueRegistrationToken } from './functions/machines/issue-registration-token.http';
import { listMachines } from './functions/machines/list-machines.http';
import { patchMachineQueue } from './functions/machines/patch-machine-queue.http';
import { patchMachine } from './functions/machines/patch-machine.http';
import { releaseMachine } from './functions/machines/release-machine.http';
import { getPlanning } from './functions/planning/get-planning.http';
import { purgeHistory } from './functions/retention/purge-history.timer';
import { cancelRun } from './functions/runs/cancel-run.http';
import { controlRun, stopRun } from './functions/runs/control-run.http';
import { getArtifact } from './functions/runs/get-artifact.http';
import { getRunLogs } from './functions/runs/get-run-logs.http';
import { getRun } from './functions/runs/get-run.http';
import { getRunValue } from './functions/runs/get-run-value.http';
import { listArtifacts } from './functions/runs/list-artifacts.http';
import { listRunActions } from './functions/runs/list-run-actions.http';
import { listRuns } from './functions/runs/list-runs.http';
import { getSchedule } from './functions/schedules/get-schedule.http';
import { startDueRuns } from './functions/schedules/start-due-runs.timer';
import { resubmitRun } from './functions/runs/resubmit-run.http';
import { FeedHub } from './functions/stream/feed-hub';
import { listChanges } from './functions/stream/list-changes.http';
import { streamChanges } from './functions/stream/stream-changes.http';
import { listDeliveries, retryDelivery } from './functions/subscriptions/deliveries.http';
import { deliverEvents } from './functions/subscriptions/deliver-events.timer';
import {
  deleteSubscription,
  getSubscription,
  listSubscriptions,
  putSubscription,
  replayEvents,
  rotateSecret,
} from './functions/subscriptions/subscriptions.http';
import { keepHouse } from './functions/timers/housekeeping.timer';
import {
  abandonCase,
  advanceCase,
  beginCase,
  getCase,
  goBack,
  listCases,
  patchCase,
  runCaseFlow,
} from './functions/processes/cases.http';
import {
  activity,
  durableActivity,
  durableClient,
  forPeople,
  openDurableHttp,
  openHttp,
  signedDurableHttp,
  signedHttp,
} from './functions/register';
import { deleteProcess, getProcess, listProcesses, putProcess } from './functions/processes/processes.http';
import { watchCases } from './functions/processes/watch-cases.timer';
import { watchMachines } from './functions/timers/machine-watch.timer';
import { watchQueues } from './functions/timers/queue-watch.timer';
import { capacityCommand } from './orchestrators/capacity-command';
import { actionTries } from './orchestrators/action-tries';
import { cloudFlowLoop } from './orchestrators/cloud-flow-loop';
import { cloudFlowPart } from './orchestrators/cloud-flow-part';
import { cloudFlowRun } from './orchestrators/cloud-flow-run';
import { connectionMembers } from './orchestrators/connection-members.activity';
import { desktopFlowRun } from './orchestrators/desktop-flow-run';
import { keepValue } from './orchestrators/keep-value.activity';
import { giveBack } from './orchestrators/give-back.activity';
import { keepStep } from './orchestrators/keep-step.activity';
import { loadFlow } from './orchestrators/load-flow.activity';
import { loadValues } from './orchestrators/load-values.activity';
import { moveMachine } from './orchestrators/move-machine';
import { orchestrations } from './orchestrators/names';
import { placeMachine } from './orchestrators/place-machine.activity';
import { queueCommand } from './orchestrators/queue-command';
import { raiseInbox } from './orchestrators/raise-inbox.activity';
import { readMachine } from './orchestrators/read-machine.activity';
import { recordActions } from './orchestrators/record-actions.activity';
import { recordRun } from './orchestrators/record-run.activity';
import { removeCommandQueue } from './orchestrators/remove-command-queue.activity';
import { resolveDesktopFlow } from './orchestrators/resolve-desktop-flow.activity';
import { resolveTarget } from './orchestrators/resolve-target.activity';
import { sendHttp } from './orchestrators/send-http.activity';
import { sendCommand } from './orchestrators/send-command.activity';
import { testConnection } from './orchestrators/test-connection';

/*
 * The table of contents of the control plane: everything the Functions host can call, in the order in which a run meets it.
 * ARCHITECTURE.md tells the same story in prose. Nothing connects before it is used.
 */
const ports = createPorts(process.env, { now: appNow });
const speakers = new RunSpeakers(ports);
const changes = new FeedHub(ports);
// Functions of people are judged by roles (domain/access); the others check their callers themselves.
const { http, durableHttp } = forPeople(ports);
// Event streams need answers that are sent as they come.
app.setup({ enableHttpStream: true });

// 1. What a run needs before it can start: a published desktop flow, a connection to a machine, a cloud flow that uses both.
http('put-desktop-flow', 'PUT', 'desktop-flows/{name}', putDesktopFlow(ports));
http('list-desktop-flows', 'GET', 'desktop-flows', listDesktopFlows(ports));
http('get-desktop-flow', 'GET', 'desktop-flows/{name}', getDesktopFlow(ports));
http('put-connection', 'PUT', 'connections/{name}', putConnection(ports));
http('list-groups', 'GET', 'machine-groups', listGroups(ports));
durableHttp('create-group', 'POST', 'machine-groups', createGroup(ports));
http('list-gateways', 'GET', 'gateways', listGateways(ports));
http('get-gateway', 'GET', 'gateways/{name}', getGateway(ports));
durableHttp('put-gateway', 'PUT', 'gateways/{name}', putGateway(ports));
durableHttp('delete-gateway', 'DELETE', 'gateways/{name}', deleteGateway(ports));
http('list-clusters', 'GET', 'gateway-clusters', listClusters(ports));
http('get-cluster', 'GET', 'gateway-clusters/{name}', getCluster(ports));
http('put-cluster', 'PUT', 'gateway-clusters/{name}', putCluster(ports));
http('delete-cluster', 'DELETE', 'gateway-clusters/{name}', deleteCluster(ports));
http('list-connections', 'GET', 'connections', listConnections(ports));
http('get-connection', 'GET', 'connections/{name}', getConnection(ports));
durableHttp('start-connection-test', 'POST', 'connections/{name}/test', startConnectionTest(ports));
durableHttp('get-connection-test', 'GET', 'connections/{name}/tests/{test}', getConnectionTest());
df.app.orchestration(orchestrations.testConnection, testConnection);
activity('connection-members', connectionMembers(ports));
http('put-flow', 'PUT', 'flows/{flow}', putFlow(ports));
http('put-flows', 'PUT', 'flows', putFlows(ports));
http('list-flows', 'GET', 'flows', listFlows(ports));
http('get-flow', 'GET', 'flows/{flow}', getFlow(ports));
http('delete-flow', 'DELETE', 'flows/{flow}', deleteFlow(ports));
http('enable-flow', 'POST', 'flows/{flow}/enable', enableFlow(ports));
http('disable-flow', 'POST', 'flows/{flow}/disable', disableFlow(ports));

// 2. … and a machine: its agent registers with a one-time token, then takes a lease on its own command queue.
http('issue-registration-token', 'POST', 'registration-tokens', issueRegistrationToken(ports));
signedDurableHttp('register-agent', 'POST', 'agent/register', registerAgent(ports));
signedHttp('lease-agent', 'POST', 'agent/lease', leaseAgent(ports));

// 3. A person or program starts a run: the input is checked, the idempotency key claimed, the orchestration started, 202 answered.
http('upload-file', 'POST', 'files', uploadFile(ports));
durableHttp('run-flow', 'POST', 'flows/{flow}/run', runFlow(ports));

// … or somebody at a machine starts a desktop flow there: no cloud flow, straight to 5.
signedHttp('list-console-flows', 'GET', 'agent/desktop-flows', listConsoleFlows(ports));
signedDurableHttp('start-console-run', 'POST', 'agent/console-runs', startConsoleRun(ports));
signedDurableHttp('get-console-run', 'GET', 'agent/console-runs/{run}', getConsoleRun(ports));
signedDurableHttp('report-console-run', 'PUT', 'agent/console-runs/{run}', reportConsoleRun(ports));
signedDurableHttp('stop-console-run', 'POST', 'agent/console-runs/{run}/stop', stopConsoleRun(ports));

// 3a. … or a schedule is due: the timer reads the index of due times …
app.timer('start-due-runs', {
  schedule: '*/30 * * * * *',
  extraInputs: [durableClient],
  handler: startDueRuns(ports, instancesOf),
});
http('get-schedule', 'GET', 'flows/{flow}/schedule', getSchedule(ports));
http('list-triggers', 'GET', 'flows/{flow}/triggers', listTriggers(ports));

// 3b. … or an event comes: over HTTP from a known source, from Event Grid, or in a queue or topic that the settings name.
http('list-event-sources', 'GET', 'event-sources', listEventSources(ports));
http('put-event-source', 'PUT', 'event-sources/{source}', putEventSource(ports));
http('delete-event-source', 'DELETE', 'event-sources/{source}', deleteEventSource(ports));
openDurableHttp('receive-events', 'POST', 'events/{source}', receiveEvents(ports));
openHttp('greet-event-sender', 'OPTIONS', 'events/{source}', greetEventSender(ports));
const delivered = (source: Parameters<typeof receiveDelivered>[2]) => ({
  extraInputs: [durableClient],
  handler: receiveDelivered(ports, instancesOf, source),
});
app.eventGrid('receive-event-grid', delivered('event-grid'));
const {
  ATTENDANT_EVENT_QUEUE: eventQueue,
  ATTENDANT_EVENT_TOPIC: topicName,
  ATTENDANT_EVENT_SUBSCRIPTION: subscriptionName = 'attendant',
  ATTENDANT_EVENT_STORAGE_QUEUE: storageQueue,
} = process.env;
const bus = { connection: 'ServiceBusConnection', ...delivered('service-bus') };
if (eventQueue) app.serviceBusQueue('receive-queued-events', { ...bus, queueName: eventQueue });
if (topicName) app.serviceBusTopic('receive-topic-events', { ...bus, topicName, subscriptionName });
if (storageQueue) {
  const stored = { connection: 'AzureWebJobsStorage', queueName: storageQueue };
  app.storageQueue('receive-stored-events', { ...stored, ...delivered('storage-queue') });
}

// 4. The cloud-flow run loads its definition and walks the actions. Parts of a long one, loops and retries are orchestrations of their own;
// what actions were given and gave is recorded, and values too long for a history are kept apart.
df.app.orchestration(orchestrations.cloudFlowRun, cloudFlowRun(ports.sealer));
activity('load-flow', loadFlow(ports));
df.app.orchestration(orchestrations.cloudFlowPart, cloudFlowPart(ports.sealer));
df.app.orchestration(orchestrations.cloudFlowLoop, cloudFlowLoop(ports.sealer));
df.app.orchestration(orchestrations.actionTries, actionTries(ports.sealer));
activity('send-http', sendHttp(ports));
durableActivity('record-actions', recordActions(ports, instancesOf));
activity('keep-value', keepValue(ports));
activity('load-values', loadValues(ports));

// 5. Each desktop-flow action is a desktop-flow run: find the target, stand in its queue, offer, go, follow, release.
df.app.orchestration(orchestrations.desktopFlowRun, desktopFlowRun);
activity('resolve-desktop-flow', resolveDesktopFlow(ports));
activity('resolve-target', resolveTarget(ports));

// 6. The queue of a machine decides whose turn it is. Its courier tells the run, offers it to the machine, tells the feed.
df.app.entity(RUN_QUEUE, runQueueEntity);
df.app.entity(QUEUE_COURIER, {
  extraInputs: [durableClient],
  // oxlint-disable-next-line typescript/no-misused-promises -- the SDK awaits it, though its type does not say so
  handler: queueCourierEntity(deliverEffects(ports, speakers, instancesOf)),
});
// Unattended runs of a limited environment need a bot too; bots are lent to queues.
df.app.entity(UNATTENDED_CAPACITY, unattendedCapacityEntity);
activity('keep-step', keepStep());

// 7. The machine that accepted gets its commands (go, stop) on its own queue, and fetches what the run needs.
activity('give-back', giveBack(ports));
activity('send-command', sendCommand(ports));
signedHttp('get-package', 'GET', 'agent/packages/{hash}', getPackage(ports));
signedHttp('get-file', 'GET', 'agent/files/{id}', getFile(ports));

// 8. What the agent says (accepted, started, log, done …) comes back signed and is told to the run.
app.serviceBusQueue('receive-agent-events', {
  connection: 'ServiceBusConnection',
  queueName: AGENT_EVENTS_QUEUE,
  extraInputs: [durableClient],
  handler: receiveAgentEvents(ports, speakers, instancesOf),
});
signedHttp('put-artifact', 'PUT', 'agent/runs/{run}/artifacts/{name}', putArtifact(ports));

// 9. The run has ended: its outcome goes into the run index and to its parent.
durableActivity('record-run', recordRun(ports, instancesOf));

// 10. People look at runs and machines, and cancel runs; a cancelled run tells its children.
http('list-runs', 'GET', 'runs', listRuns(ports));
durableHttp('get-run', 'GET', 'runs/{run}', getRun(ports));
durableHttp('get-run-logs', 'GET', 'runs/{run}/logs', getRunLogs(ports));
durableHttp('list-run-actions', 'GET', 'runs/{run}/actions', listRunActions(ports));
http('get-run-value', 'GET', 'runs/{run}/values/{hash}', getRunValue(ports));
durableHttp('list-artifacts', 'GET', 'runs/{run}/artifacts', listArtifacts(ports));
http('get-artifact', 'GET', 'runs/{run}/artifacts/{name}', getArtifact(ports));
durableHttp('resubmit-run', 'POST', 'runs/{run}/resubmit', resubmitRun(ports));
durableHttp('cancel-run', 'POST', 'runs/{run}/cancel', cancelRun(ports));
durableHttp('pause-run', 'POST', 'runs/{run}/pause', controlRun(ports, 'pause'));
durableHttp('resume-run', 'POST', 'runs/{run}/resume', controlRun(ports, 'resume'));
durableHttp('stop-run', 'POST', 'runs/{run}/stop', stopRun(ports));
durableActivity('raise-inbox', raiseInbox(instancesOf));
http('list-machines', 'GET', 'machines', listMachines(ports));
durableHttp('get-machine', 'GET', 'machines/{machine}', getMachine(ports));
durableHttp('get-machine-queue', 'GET', 'machines/{machine}/queue', getMachineQueue(ports));
durableHttp('patch-machine-queue', 'PATCH', 'machines/{machine}/queue/{run}', patchMachineQueue(ports));
durableHttp('release-machine', 'POST', 'machines/{machine}/queue/release', releaseMachine(ports));
durableHttp('patch-machine', 'PATCH', 'machines/{machine}', patchMachine(ports));
durableHttp('delete-machine', 'DELETE', 'machines/{machine}', deleteMachine(ports));

durableHttp('get-group', 'GET', 'machine-groups/{group}', getGroup(ports));
durableHttp('patch-group', 'PATCH', 'machine-groups/{group}', patchGroup(ports));
http('delete-group', 'DELETE', 'machine-groups/{group}', deleteGroup(ports));
durableHttp('add-member', 'PUT', 'machine-groups/{group}/machines/{machine}', addMember(ports));
durableHttp('remove-member', 'DELETE', 'machine-groups/{group}/machines/{machine}', removeMember(ports));
durableHttp('get-group-queue', 'GET', 'machine-groups/{group}/queue', getGroupQueue(ports));
durableHttp('patch-group-queue', 'PATCH', 'machine-groups/{group}/queue/{run}', patchGroupQueue(ports));
durableHttp('stream-changes', 'GET', 'stream', streamChanges(ports, changes));
http('list-changes', 'GET', 'changes', listChanges(ports, changes));
durableHttp('get-capacity', 'GET', 'capacity', getCapacity(ports));
durableHttp('get-planning', 'GET', 'planning', getPlanning(ports));
durableHttp('put-capacity', 'PUT', 'capacity', putCapacity(ports));

// 11. Functions that have a word for a queue start an orchestration that calls it.
df.app.orchestration(orchestrations.queueCommand, queueCommand);
df.app.orchestration(orchestrations.capacityCommand, capacityCommand);

// 11a. A machine joins a group, leaves it or is deleted: it is detached, waited for, attached elsewhere and forgotten.
df.app.orchestration(orchestrations.moveMachine, moveMachine);
activity('read-machine', readMachine(ports));
activity('place-machine', placeMachine(ports));
activity('remove-command-queue', removeCommandQueue(ports));

// 12. Timers see to it that nothing is left behind: machines that fell silent, queues whose caller or owner is gone, rows that are past their days.
app.timer('watch-machines', {
  schedule: '*/30 * * * * *',
  extraInputs: [durableClient],
  handler: watchMachines(ports, instancesOf),
});
app.timer('watch-gateways', {
  schedule: '15,45 * * * * *',
  extraInputs: [durableClient],
  handler: watchGateways(ports, instancesOf),
});
app.timer('watch-queues', {
  schedule: '0 * * * * *',
  extraInputs: [durableClient],
  handler: watchQueues(ports, instancesOf),
});
app.timer('keep-house', { schedule: '30 * * * * *', handler: keepHouse(ports) });
app.timer('purge-history', {
  schedule: '45 * * * * *',
  extraInputs: [durableClient],
  handler: purgeHistory(ports, instancesOf),
});
df.app.entity(QUEUE_WATCH, queueWatchEntity);

// 12a. Business process flows: people take cases through stages, whose flows are runs like any other.
http('list-processes', 'GET', 'processes', listProcesses(ports));
http('put-process', 'PUT', 'processes/{process}', putProcess(ports));
http('get-process', 'GET', 'processes/{process}', getProcess(ports));
http('delete-process', 'DELETE', 'processes/{process}', deleteProcess(ports));
http('list-cases', 'GET', 'processes/{process}/cases', listCases(ports));
durableHttp('begin-case', 'POST', 'processes/{process}/cases', beginCase(ports));
durableHttp('get-case', 'GET', 'processes/{process}/cases/{case}', getCase(ports));
durableHttp('patch-case', 'PATCH', 'processes/{process}/cases/{case}', patchCase(ports));
durableHttp('advance-case', 'POST', 'processes/{process}/cases/{case}/advance', advanceCase(ports));
durableHttp('go-back-case', 'POST', 'processes/{process}/cases/{case}/back', goBack(ports));
durableHttp('abandon-case', 'POST', 'processes/{process}/cases/{case}/abandon', abandonCase(ports));
durableHttp('run-case-flow', 'POST', 'processes/{process}/cases/{case}/run', runCaseFlow(ports));
app.timer('watch-cases', {
  schedule: '*/20 * * * * *',
  extraInputs: [durableClient],
  handler: watchCases(ports, instancesOf),
});

// 12b. Others are told of what happens: subscriptions, and a timer that delivers to them (docs/outgoing-events.md).
http('list-subscriptions', 'GET', 'event-subscriptions', listSubscriptions(ports));
http('get-subscription', 'GET', 'event-subscriptions/{name}', getSubscription(ports));
http('put-subscription', 'PUT', 'event-subscriptions/{name}', putSubscription(ports));
http('delete-subscription', 'DELETE', 'event-subscriptions/{name}', deleteSubscription(ports));
http('rotate-secret', 'POST', 'event-subscriptions/{name}/rotate-secret', rotateSecret(ports));
http('replay-events', 'POST', 'event-subscriptions/{name}/replay', replayEvents(ports));
http('list-deliveries', 'GET', 'event-subscriptions/{name}/deliveries', listDeliveries(ports));
http('retry-delivery', 'POST', 'event-subscriptions/{name}/deliveries/{event}/retry', retryDelivery(ports));
app.timer('deliver-events', { schedule: '*/30 * * * * *', handler: deliverEvents(ports) });

// 12c. Who changed what.
http('list-audit', 'GET', 'audit', listAudit(ports));

// These touch nothing but tables, queues and orchestrations; and log files, where a line that comes again is the same line.
declareInside([
  'receive-agent-events',
  'load-flow',
  'resolve-desktop-flow',
  'resolve-target',
  'keep-step',
  'send-command',
  'record-run',
  'raise-inbox',
]);

// 13. Whether the app is there at all, and what it understands.
openHttp('get-health', 'GET', 'health', getHealth(ports));
openHttp('get-openapi', 'GET', 'openapi.json', getOpenapi());
