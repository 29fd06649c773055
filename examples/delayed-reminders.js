'use strict';
// Delayed reminders: each message says when it wants to be delivered. Until then it is on disk,
// like any other, and does not hold up those behind it.
//
//   node examples/delayed-reminders.js

const amqp = require('amqplib');

const QUEUE = 'reminders';
const REMINDERS = { 'feed the cat': 600, 'take the cake out': 200, 'call home': 400 };

async function main() {
  const connection = await amqp.connect(process.env.AMQP_URL || 'amqp://localhost');
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(QUEUE, { durable: true });

  const start = Date.now();
  for (const [text, milliseconds] of Object.entries(REMINDERS)) {
    // From now on. `x-deliver-at`, milliseconds since 1970, names the moment itself.
    channel.sendToQueue(QUEUE, Buffer.from(text),
      { persistent: true, headers: { 'x-delivery-delay': milliseconds } });
  }
  await channel.waitForConfirms();

  let left = Object.keys(REMINDERS).length;
  await new Promise((resolve) => {
    channel.consume(QUEUE, (reminder) => {
      if (reminder === null) return;  // The queue was deleted.
      const text = reminder.content.toString();
      const isEarly = Date.now() - start < REMINDERS[text];
      console.log(`${text}${isEarly ? ' (too early)' : ''}`);
      channel.ack(reminder);
      if (--left === 0) resolve();
    });
  });

  await channel.deleteQueue(QUEUE);
  await connection.close();
}

main().catch((error) => { console.error(error.message); process.exit(1); });
