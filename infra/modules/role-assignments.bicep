// Every right of the app's identity, on one page. Each is scoped to the resource that it is for.
param principalId string
param storageName string
param serviceBusName string
param eventsQueueName string
param flowEventsQueueName string
param flowTopicName string
param vaultName string
param insightsName string
param machineQueuesRoleId string
param dataKeySecretName string
@description('Object id of whoever deploys; empty: nobody.')
param deployerId string

// Ids of built-in roles (the same in every tenant).
var builtIn = {
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  serviceBusDataOwner: '090c5cfd-751d-490a-894a-3ce6f1109419'
  serviceBusDataReceiver: '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
  serviceBusDataSender: '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  keyVaultSecretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
}

// The Functions host and Durable Functions on Azure Storage: leases and large payloads in blobs, control queues, history tables.
var storageRoles = [
  builtIn.storageBlobDataOwner
  builtIn.storageQueueDataContributor
  builtIn.storageTableDataContributor
]

// On what functions receive from, and nothing else: receive, and read its length, which scaling needs (only Owner may).
var receivingRoles = [
  builtIn.serviceBusDataReceiver
  builtIn.serviceBusDataOwner
]

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource serviceBus 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: serviceBusName

  resource events 'queues' existing = {
    name: eventsQueueName
  }

  resource flowEvents 'queues' existing = {
    name: flowEventsQueueName
  }

  resource flowTopic 'topics' existing = {
    name: flowTopicName
  }
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: vaultName

  resource dataKey 'secrets' existing = {
    name: dataKeySecretName
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource storageAssignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in storageRoles: {
    name: guid(storage.id, principalId, role)
    scope: storage
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource eventsAssignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in receivingRoles: {
    name: guid(serviceBus::events.id, principalId, role)
    scope: serviceBus::events
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource flowEventsAssignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in receivingRoles: {
    name: guid(serviceBus::flowEvents.id, principalId, role)
    scope: serviceBus::flowEvents
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource flowTopicAssignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in receivingRoles: {
    name: guid(serviceBus::flowTopic.id, principalId, role)
    scope: serviceBus::flowTopic
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

// On the namespace: commands go to the machines' queues, which do not exist yet.
resource senderAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(serviceBus.id, principalId, builtIn.serviceBusDataSender)
  scope: serviceBus
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', builtIn.serviceBusDataSender)
  }
}

resource machineQueuesAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(serviceBus.id, principalId, machineQueuesRoleId)
  scope: serviceBus
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: machineQueuesRoleId
  }
}

resource vaultAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, principalId, builtIn.keyVaultSecretsOfficer)
  scope: vault
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', builtIn.keyVaultSecretsOfficer)
  }
}

// So that a later deployment finds the key that is there, and no other secret.
resource deployerAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(deployerId)) {
  name: guid(vault::dataKey.id, deployerId, builtIn.keyVaultSecretsUser)
  scope: vault::dataKey
  properties: {
    principalId: deployerId
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', builtIn.keyVaultSecretsUser)
  }
}

resource insightsAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, principalId, builtIn.monitoringMetricsPublisher)
  scope: insights
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtIn.monitoringMetricsPublisher
    )
  }
}
