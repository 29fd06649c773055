'use strict';
// Load levelling: orders come in ten times as fast as they can be handled. The queue takes them
// all, on disk, and the handler works them off at its own pace; nothing is lost.
//
//   node examples/load-levelling.js

const amqp = require('amqplib');

const QUEUE = 'orders.incoming';
const ORDERS = 2000;

/** Every 10 ms so many that it makes `perSecond`; resolves when all are confirmed. */
async function takeOrders(channel, perSecond) {
  const start = Date.now();
  for (let number = 0; number < ORDERS; number++) {
    channel.sendToQueue(QUEUE, Buffer.from(String(number)), { persistent: true });
    if (number % (perSecond / 100) !== 0) continue;
    const early = number / perSecond * 1000 - (Date.now() - start);
    if (early > 0) await new Promise((resolve) => { setTimeout(resolve, early); });
  }
  await channel.waitForConfirms();
}

/** Handles `perSecond`, fetched as they can be handled; resolves with the orders handled. */
async function handleOrders(channel, perSecond) {
  const handled = new Set();
  const start = Date.now();
  await channel.prefetch(100);
  await new Promise((resolve) => {
    channel.consume(QUEUE, (order) => {
      if (order === null) return;  // The queue was deleted.
      const early = (handled.size + 1) / perSecond * 1000 - (Date.now() - start);
      handled.add(Number(order.content));
      const isLast = handled.size === ORDERS;
      setTimeout(() => {
        channel.ack(order);
        if (isLast) resolve();
      }, Math.max(0, early));
    });
  });
  return handled.size;
}

async function main() {
  const connection = await amqp.connect(process.env.AMQP_URL || 'amqp://localhost');
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(QUEUE, { durable: true });

  const handling = handleOrders(await connection.createChannel(), 1000);
  await takeOrders(channel, 10000);
  const { messageCount } = await channel.checkQueue(QUEUE);
  console.log(messageCount > ORDERS / 4 ? 'all in, most of them wait' : 'all in');
  console.log(`${ORDERS} in, ${await handling} out`);

  await channel.deleteQueue(QUEUE);
  await connection.close();
}

main().catch((error) => { console.error(error.message); process.exit(1); });
