'use strict';
// Hello: one program, one queue, one message there and back.
//
//   node examples/hello.js
//
// The broker's address is taken from AMQP_URL, amqp://localhost by default.

const amqp = require('amqplib');

async function main() {
  const connection = await amqp.connect(process.env.AMQP_URL || 'amqp://localhost');
  const channel = await connection.createConfirmChannel();

  // A durable queue and a persistent message survive a restart of the broker. The confirm says
  // that the message is on disk.
  await channel.assertQueue('hello', { durable: true });
  channel.sendToQueue('hello', Buffer.from('Hello, tern!'), { persistent: true });
  await channel.waitForConfirms();
  console.log('sent and confirmed');

  const message = await channel.get('hello');
  console.log(`received: ${message.content}`);
  channel.ack(message);

  await channel.deleteQueue('hello');
  await connection.close();
}

main().catch((error) => { console.error(error.message); process.exit(1); });
