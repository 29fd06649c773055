'use strict';
// Topic logs: log lines are published as "service.severity", and each reader binds a pattern.
// * stands for one word, # for any number of words.
//
//   node examples/topic-logs.js

const amqp = require('amqplib');

const EXCHANGE = 'logs';
const READERS = { 'all errors': '*.error', 'payments': 'payments.*', 'archive': '#' };
const LINES = [
  ['payments.info', 'card accepted'],
  ['payments.error', 'card declined'],
  ['shipping.error', 'address unknown'],
  ['shipping.info', 'parcel sent'],
  ['payments.audit.info', 'books closed'],
];

/** Binds a queue that lives as long as this connection to the pattern and prints what comes. */
async function startReader(connection, reader, pattern, onLine) {
  const channel = await connection.createChannel();
  await channel.assertExchange(EXCHANGE, 'topic', { durable: false });
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, EXCHANGE, pattern);
  await channel.consume(queue, (message) => {
    console.log(`${reader} (${pattern}): ${message.fields.routingKey}: ${message.content}`);
    onLine();
  }, { noAck: true });
}

async function main() {
  const connection = await amqp.connect(process.env.AMQP_URL || 'amqp://localhost');

  // Two lines are errors of one word before, two are payments of one word behind, all are archived.
  let expected = 2 + 2 + LINES.length;
  let allRead;
  const read = new Promise((resolve) => { allRead = resolve; });
  for (const [reader, pattern] of Object.entries(READERS)) {
    await startReader(connection, reader, pattern, () => { if (--expected === 0) allRead(); });
  }

  const channel = await connection.createChannel();
  for (const [key, text] of LINES) channel.publish(EXCHANGE, key, Buffer.from(text));
  await read;

  await channel.deleteExchange(EXCHANGE);
  await connection.close();
}

main().catch((error) => { console.error(error.message); process.exit(1); });
