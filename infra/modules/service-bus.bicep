// The namespace and the queue that all agents send to. The queues of the machines, `m-<id>`, are made by the app at registration.
param name string
param location string
param tags object

// Standard, because Basic has no duplicate detection.
resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: 'Standard', tier: 'Standard' }
  properties: {
    minimumTlsVersion: '1.2'
    // Agents sign in with short-lived SAS tokens for their own queue; the app itself never does.
    disableLocalAuth: false
  }

  resource events 'queues' = {
    name: 'agent-events'
    properties: {
      lockDuration: 'PT1M'
      maxDeliveryCount: 10
      requiresDuplicateDetection: true
      duplicateDetectionHistoryTimeWindow: 'PT10M'
      deadLetteringOnMessageExpiration: true
      defaultMessageTimeToLive: 'P14D'
      maxSizeInMegabytes: 5120
    }

    // The rule from which the app derives the agents' tokens for sending; it can do nothing else.
    resource send 'authorizationRules' = {
      name: 'agent-send'
      properties: { rights: ['Send'] }
    }
  }

  // Events that start flows (row A3): whoever may send into the queue, or to the topic.
  resource flowEvents 'queues' = {
    name: 'flow-events'
    properties: {
      lockDuration: 'PT1M'
      maxDeliveryCount: 10
      deadLetteringOnMessageExpiration: true
      defaultMessageTimeToLive: 'P14D'
    }
  }

  resource flowTopic 'topics' = {
    name: 'flow-topic'
    properties: { defaultMessageTimeToLive: 'P14D' }

    resource subscription 'subscriptions' = {
      name: 'attendant'
      properties: {
        lockDuration: 'PT1M'
        maxDeliveryCount: 10
        deadLetteringOnMessageExpiration: true
      }
    }
  }
}

output id string = namespace.id
output name string = namespace.name
output eventsQueueName string = namespace::events.name
output flowEventsQueueName string = namespace::flowEvents.name
output flowTopicName string = namespace::flowTopic.name
output flowSubscriptionName string = namespace::flowTopic::subscription.name
output host string = replace(replace(namespace.properties.serviceBusEndpoint, 'https://', ''), ':443/', '')
