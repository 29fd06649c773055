'use strict';
// Fan-out: an order event goes to every service that wants to know of it. The publisher knows the
// exchange only; each service brings a queue of its own and gets its own copy.
//
//   node examples/fan-out.js

const amqp = require('amqplib');

const EXCHANGE = 'orders';
const SERVICES = ['billing', 'inventory', 'email'];

/** Starts one service; resolves when it listens. `onOrder` is called with each order. */
async function startService(connection, service, onOrder) {
  const channel = await connection.createChannel();
  await channel.assertExchange(EXCHANGE, 'fanout', { durable: true });
  const { queue } = await channel.assertQueue(`orders.${service}`, { durable: true });
  await channel.bindQueue(queue, EXCHANGE, '');
  await channel.consume(queue, (message) => {
    if (message === null) return;  // The queue was deleted.
    onOrder(service, JSON.parse(message.content));
    channel.ack(message);
  });
}

async function main() {
  const connection = await amqp.connect(process.env.AMQP_URL || 'amqp://localhost');
  const orders = [{ id: 1, item: 'binoculars' }, { id: 2, item: 'field guide' }];

  let expected = orders.length * SERVICES.length;
  let allHandled;
  const handled = new Promise((resolve) => { allHandled = resolve; });
  for (const service of SERVICES) {
    await startService(connection, service, (name, order) => {
      console.log(`${name}: order ${order.id} (${order.item})`);
      if (--expected === 0) allHandled();
    });
  }

  const publisher = await connection.createConfirmChannel();
  for (const order of orders) {
    publisher.publish(EXCHANGE, '', Buffer.from(JSON.stringify(order)),
      { persistent: true, contentType: 'application/json', type: 'order.created' });
  }
  await publisher.waitForConfirms();
  await handled;

  for (const service of SERVICES) await publisher.deleteQueue(`orders.${service}`);
  await publisher.deleteExchange(EXCHANGE);
  await connection.close();
}

main().catch((error) => { console.error(error.message); process.exit(1); });
