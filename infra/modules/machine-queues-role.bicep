// What the app may do through Azure Resource Manager: make and remove queues, give them authorization rules and read the
// rules' keys. No built-in role is this narrow (Contributor and Data Owner also reach the namespace, its network and all messages).
resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'attendant-machine-queues')
  properties: {
    roleName: 'Attendant machine queues (${uniqueString(resourceGroup().id)})'
    description: 'Create and delete Service Bus queues with their authorization rules and read the keys of these rules.'
    type: 'CustomRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        actions: [
          'Microsoft.ServiceBus/namespaces/queues/read'
          'Microsoft.ServiceBus/namespaces/queues/write'
          'Microsoft.ServiceBus/namespaces/queues/delete'
          'Microsoft.ServiceBus/namespaces/queues/authorizationRules/read'
          'Microsoft.ServiceBus/namespaces/queues/authorizationRules/write'
          'Microsoft.ServiceBus/namespaces/queues/authorizationRules/listkeys/action'
        ]
        notActions: []
      }
    ]
  }
}

output id string = role.id
