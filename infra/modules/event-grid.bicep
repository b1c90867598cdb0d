// A topic to which others publish events that start flows, and its subscription to the app's function (row A3).
param name string
param location string
param tags object
param appName string

resource topic 'Microsoft.EventGrid/topics@2022-06-15' = {
  name: name
  location: location
  tags: tags
  properties: {
    inputSchema: 'CloudEventSchemaV1_0'
    // Whoever publishes signs in and has the role "EventGrid Data Sender".
    disableLocalAuth: true
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' existing = {
  name: appName

  resource receive 'functions' existing = {
    name: 'receive-event-grid'
  }
}

resource subscription 'Microsoft.EventGrid/topics/eventSubscriptions@2022-06-15' = {
  parent: topic
  name: 'attendant'
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    destination: {
      endpointType: 'AzureFunction'
      properties: {
        resourceId: app::receive.id
        maxEventsPerBatch: 1
        preferredBatchSizeInKilobytes: 64
      }
    }
    retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
  }
}

output endpoint string = topic.properties.endpoint
