'use strict';
// Dead letters: what a worker cannot handle, what has waited for too long and what is one order too
// many goes to a queue of its own, with its history.
//
//   node examples/dead-letters.js

const amqp = require('amqplib');

const QUEUE = 'orders';
const DEAD_LETTERS = 'orders-dlq';
const DLX = 'orders-dlx';

const ORDERS = [
  { id: 1, item: 'binoculars' },
  { id: 2, item: null },
  { id: 3, item: 'field guide' },
];

async function declare(channel) {
  await channel.assertExchange(DLX, 'fanout', { durable: true });
  await channel.assertQueue(DEAD_LETTERS, { durable: true });
  await channel.bindQueue(DEAD_LETTERS, DLX, '');
  await channel.assertQueue(QUEUE, {
    durable: true,
    deadLetterExchange: DLX,
    messageTtl: 30000,  // An order that nobody took within 30 s is dead,
    maxLength: 10000,   // and so is the oldest one when a new one finds 10,000 others.
  });
}

async function main() {
  const connection = await amqp.connect(process.env.AMQP_URL || 'amqp://localhost');
  const channel = await connection.createConfirmChannel();
  await declare(channel);

  for (const order of ORDERS) {
    channel.sendToQueue(QUEUE, Buffer.from(JSON.stringify(order)), { persistent: true });
  }
  // This one has its own time: nobody takes it within that.
  channel.sendToQueue(QUEUE, Buffer.from('{"id":4,"item":"postcard"}'),
    { persistent: true, expiration: '0' });
  await channel.waitForConfirms();

  let left = ORDERS.length;
  const handled = new Promise((resolve) => {
    channel.consume(QUEUE, (message) => {
      if (message === null) return;  // The queue was deleted.
      const order = JSON.parse(message.content);
      if (order.item === null) {
        console.log(`order ${order.id}: what is it for?`);
        channel.nack(message, false, false);  // Not again: it goes to the dead letters.
      } else {
        console.log(`order ${order.id}: ${order.item}`);
        channel.ack(message);
      }
      if (--left === 0) resolve();
    });
  });
  await handled;

  const died = new Promise((resolve) => {
    let count = 0;
    channel.consume(DEAD_LETTERS, (letter) => {
      if (letter === null) return;
      const order = JSON.parse(letter.content);
      const [death] = letter.properties.headers['x-death'];
      console.log(`dead letter: order ${order.id}, ${death.reason} in ${death.queue}, ` +
        `${death.count} time`);
      channel.ack(letter);
      if (++count === 2) resolve();
    });
  });
  await died;

  await channel.deleteQueue(QUEUE);
  await channel.deleteQueue(DEAD_LETTERS);
  await channel.deleteExchange(DLX);
  await connection.close();
}

main().catch((error) => { console.error(error.message); process.exit(1); });
