'use strict';
// Transactional move: messages go from one queue through a program into two others. Publishing the
// results and acknowledging the message are one step, a commit: either all of it happens or
// nothing, also if the program or the broker dies in the middle.
//
//   node examples/transactional-move.js

const amqp = require('amqplib');

const URL = process.env.AMQP_URL || 'amqp://localhost';
const ORDERS = 'move.orders';
const INVOICES = 'move.invoices';
const PARCELS = 'move.parcels';
const COUNT = 6;

// amqplib has no functions for transactions, but a channel sends any method of the protocol and
// waits for its answer. Class 90 is tx; a method is named by its class and its number in it.
const tx = (number) => (90 << 16) | number;
const select = (channel) => channel.rpc(tx(10), {}, tx(11));
const commit = (channel) => channel.rpc(tx(20), {}, tx(21));

/** Handles `count` orders; if it dies, the last one is handled and not committed. */
async function handleOrders(count, dies) {
  const connection = await amqp.connect(URL);
  const channel = await connection.createChannel();
  await select(channel);
  for (let number = 1; number <= count; number++) {
    const order = await channel.get(ORDERS);
    for (const [queue, what] of [[INVOICES, 'invoice'], [PARCELS, 'parcel']]) {
      channel.sendToQueue(queue, Buffer.from(`${what} for ${order.content}`), { persistent: true });
    }
    channel.ack(order);  // Takes effect with the commit, as what was published does.
    if (!dies || number < count) await commit(channel);
  }
  await connection.close();
}

/** Prints how many messages the queue has, each of them once, and empties it. */
async function count(channel, queue) {
  const found = new Set();
  let total = 0;
  for (let message; (message = await channel.get(queue, { noAck: true })); total++) {
    found.add(message.content.toString());
  }
  console.log(`${queue}: ${found.size} different of ${total}`);
}

async function main() {
  const connection = await amqp.connect(URL);
  const channel = await connection.createConfirmChannel();
  for (const queue of [ORDERS, INVOICES, PARCELS]) {
    await channel.assertQueue(queue, { durable: true });
  }
  for (let number = 1; number <= COUNT; number++) {
    channel.sendToQueue(ORDERS, Buffer.from(`order ${number}`), { persistent: true });
  }
  await channel.waitForConfirms();

  await handleOrders(3, true);           // Two are committed; the third comes back,
  await handleOrders(COUNT - 2, false);  // and is the first of these.

  for (const queue of [ORDERS, INVOICES, PARCELS]) {
    await count(channel, queue);
    await channel.deleteQueue(queue);
  }
  await connection.close();
}

main().catch((error) => { console.error(error.message); process.exit(1); });
