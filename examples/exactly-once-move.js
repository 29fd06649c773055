'use strict';
// Exactly-once move: messages go from one queue to another through a program that may die at any
// moment. It publishes first, waits for the confirm, and only then acknowledges; so nothing is
// lost. What its successor publishes again is dropped by the other queue, which deduplicates by
// message id; so nothing is there twice.
//
//   node examples/exactly-once-move.js

const amqp = require('amqplib');

const URL = process.env.AMQP_URL || 'amqp://localhost';
const INBOX = 'move.inbox';
const OUTBOX = 'move.outbox';
const MESSAGES = ['one', 'two', 'three'];

/** Moves `count` messages; if it dies, the last one has been published and not acknowledged. */
async function move(count, dies) {
  const connection = await amqp.connect(URL);
  const channel = await connection.createConfirmChannel();
  for (let number = 1; number <= count; number++) {
    const message = await channel.get(INBOX);
    const { messageId } = message.properties;
    channel.sendToQueue(OUTBOX, message.content, { persistent: true, messageId });
    await channel.waitForConfirms();
    if (!dies || number < count) channel.ack(message);
  }
  await channel.close();  // Sends what the channel still has to say, the last ack too.
  await connection.close();
}

async function main() {
  const connection = await amqp.connect(URL);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(INBOX, { durable: true });
  await channel.assertQueue(OUTBOX,
    { durable: true, arguments: { 'x-message-deduplication': true } });
  for (const text of MESSAGES) {
    channel.sendToQueue(INBOX, Buffer.from(text), { persistent: true, messageId: text });
  }
  await channel.waitForConfirms();

  await move(2, true);   // "two" is in both queues now;
  await move(2, false);  // this begins with it.

  console.log(`inbox: ${(await channel.checkQueue(INBOX)).messageCount}`);
  for (let message; (message = await channel.get(OUTBOX, { noAck: true }));) {
    console.log(`outbox: ${message.content}`);
  }
  for (const queue of [INBOX, OUTBOX]) await channel.deleteQueue(queue);
  await connection.close();
}

main().catch((error) => { console.error(error.message); process.exit(1); });
