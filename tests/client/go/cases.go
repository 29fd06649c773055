// The common list of client cases, run with Debian's amqp091-go. Usage: cases AMQP_URL
package main

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

var url = os.Args[1]

// must ends the case with the error; run() catches it.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func equal(what string, got, wanted interface{}) {
	if !reflect.DeepEqual(got, wanted) {
		panic(fmt.Sprintf("%s: wanted %v, got %v", what, wanted, got))
	}
}

// code is the AMQP reply code of an error, 0 if it has none.
func code(err error) int {
	if failure, ok := err.(*amqp.Error); ok {
		return failure.Code
	}
	return 0
}

func open(c *amqp.Connection) *amqp.Channel {
	channel, err := c.Channel()
	must(err)
	return channel
}

func declare(channel *amqp.Channel) string {
	queue, err := channel.QueueDeclare("", false, false, true, false, nil)
	must(err)
	return queue.Name
}

func publish(channel *amqp.Channel, exchange, key string, message amqp.Publishing) {
	must(channel.Publish(exchange, key, false, false, message))
}

func text(body string) amqp.Publishing { return amqp.Publishing{Body: []byte(body)} }

func take(deliveries <-chan amqp.Delivery) amqp.Delivery {
	select {
	case delivery, ok := <-deliveries:
		if !ok {
			panic("the consumer ended")
		}
		return delivery
	case <-time.After(10 * time.Second):
		panic("nothing came in 10 s")
	}
}

func wrongPassword(*amqp.Connection) {
	login := &amqp.PlainAuth{Username: "guest", Password: "no"}
	_, err := amqp.DialConfig(url, amqp.Config{SASL: []amqp.Authentication{login}})
	equal("reply code", code(err), 403)
}

func amqplain(*amqp.Connection) {
	login := &amqp.AMQPlainAuth{Username: "guest", Password: "guest"}
	connection, err := amqp.DialConfig(url, amqp.Config{SASL: []amqp.Authentication{login}})
	must(err)
	open(connection)
	must(connection.Close())
}

func publishConfirmConsumeAck(c *amqp.Connection) {
	channel := open(c)
	must(channel.Confirm(false))
	confirms := channel.NotifyPublish(make(chan amqp.Confirmation, 100))
	name := fmt.Sprintf("go-%d", time.Now().UnixNano())
	must(channel.ExchangeDeclare(name, "topic", true, false, false, false, nil))
	_, err := channel.QueueDeclare(name, true, false, false, false, nil)
	must(err)
	must(channel.QueueBind(name, "order.*", name, false, nil))
	for i := 0; i < 100; i++ {
		message := amqp.Publishing{Body: []byte(fmt.Sprint(i)), DeliveryMode: 2}
		publish(channel, name, "order.new", message)
	}
	for i := 0; i < 100; i++ {
		confirm := <-confirms
		equal("confirm", confirm, amqp.Confirmation{DeliveryTag: uint64(i + 1), Ack: true})
	}
	deliveries, err := channel.Consume(name, "tag", false, false, false, false, nil)
	must(err)
	for i := 0; i < 100; i++ {
		delivery := take(deliveries)
		equal("body", string(delivery.Body), fmt.Sprint(i))
		must(delivery.Ack(false))
	}
	must(channel.Cancel("tag", false))
	left, err := channel.QueueDelete(name, false, false, false)
	must(err)
	equal("messages left", left, 0)
	must(channel.ExchangeDelete(name, false, false))
}

func nackRequeueGet(c *amqp.Connection) {
	channel := open(c)
	queue := declare(channel)
	publish(channel, "", queue, text("again"))
	first, ok, err := channel.Get(queue, false)
	must(err)
	equal("found", ok, true)
	must(first.Nack(false, true))
	second, ok, err := channel.Get(queue, false)
	must(err)
	equal("found", ok, true)
	equal("redelivered", []bool{first.Redelivered, second.Redelivered}, []bool{false, true})
	must(second.Reject(false))
	_, ok, err = channel.Get(queue, false)
	must(err)
	equal("found", ok, false)
}

func transaction(c *amqp.Connection) {
	channel, other := open(c), open(c)
	queue := declare(channel)
	must(channel.Tx())
	publish(channel, "", queue, text("no"))
	must(channel.TxRollback())
	publish(channel, "", queue, text("yes"))
	_, ok, err := other.Get(queue, true)
	must(err)
	equal("found before the commit", ok, false)
	must(channel.TxCommit())
	message, _, err := other.Get(queue, true)
	must(err)
	equal("body", string(message.Body), "yes")
}

func mandatoryReturn(c *amqp.Connection) {
	channel := open(c)
	returns := channel.NotifyReturn(make(chan amqp.Return, 1))
	must(channel.Publish("amq.direct", "nowhere", true, false, text("back")))
	select {
	case returned := <-returns:
		equal("reply code", returned.ReplyCode, uint16(312))
		equal("body", string(returned.Body), "back")
	case <-time.After(10 * time.Second):
		panic("nothing was returned")
	}
}

func channelErrors(c *amqp.Connection) {
	_, err := open(c).QueueDeclarePassive("go-missing", false, false, false, false, nil)
	equal("missing queue", code(err), 404)
	err = open(c).ExchangeDeclare("amq.mine", "direct", false, false, false, false, nil)
	equal("reserved name", code(err), 403)
	channel := open(c)
	closed := channel.NotifyClose(make(chan *amqp.Error, 1))
	publish(channel, "go-missing", "k", text("x"))
	equal("missing exchange", (<-closed).Code, 404)
	open(c)
}

func exclusive(c *amqp.Connection) {
	owner, err := amqp.Dial(url)
	must(err)
	queue := declare(open(owner))
	_, err = open(c).QueueDeclare(queue, false, false, true, false, nil)
	equal("reserved", code(err), 403)
	_, err = open(c).Consume(queue, "", true, false, false, false, nil)
	equal("locked", code(err), 405)
	must(owner.Close())
	_, err = open(c).QueueDeclarePassive(queue, false, false, true, false, nil)
	equal("gone", code(err), 404)
}

func replyTo(c *amqp.Connection) {
	channel := open(c)
	queue := declare(channel)
	replies, err := channel.Consume("amq.rabbitmq.reply-to", "", true, false, false, false, nil)
	must(err)
	calls, err := channel.Consume(queue, "", true, false, false, false, nil)
	must(err)
	publish(channel, "", queue, amqp.Publishing{
		Body: []byte("call"), ReplyTo: "amq.rabbitmq.reply-to", CorrelationId: "7"})
	call := take(calls)
	answer := amqp.Publishing{Body: []byte("answer"), CorrelationId: call.CorrelationId}
	publish(channel, "", call.ReplyTo, answer)
	reply := take(replies)
	equal("reply", []string{string(reply.Body), reply.CorrelationId}, []string{"answer", "7"})
}

func prefetch(c *amqp.Connection) {
	channel := open(c)
	queue := declare(channel)
	must(channel.Qos(2, 0, false))
	for _, body := range []string{"a", "b", "c"} {
		publish(channel, "", queue, text(body))
	}
	deliveries, err := channel.Consume(queue, "", false, false, false, false, nil)
	must(err)
	first := take(deliveries)
	take(deliveries)
	_, err = channel.QueueInspect(queue) // Once answered, a third delivery would be here.
	must(err)
	equal("deliveries waiting", len(deliveries), 0)
	must(first.Ack(false))
	equal("body", string(take(deliveries).Body), "c")
}

func largeBody(c *amqp.Connection) {
	channel := open(c)
	queue := declare(channel)
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	publish(channel, "", queue, amqp.Publishing{Body: body})
	message, _, err := channel.Get(queue, true)
	must(err)
	equal("same body", bytes.Equal(message.Body, body), true)
}

func headers(c *amqp.Connection) {
	channel := open(c)
	queue := declare(channel)
	sent := amqp.Table{
		"bool": true, "byte": byte(250), "int8": int8(-5), "int16": int16(-3000),
		"int32": int32(-70000), "int64": int64(1) << 40, "float32": float32(0.25), "float64": 0.5,
		"decimal": amqp.Decimal{Scale: 2, Value: 314}, "string": "é☃", "bytes": []byte{0, 1, 255},
		"time": time.Unix(1700000000, 0), "nil": nil, "list": []interface{}{int32(1), "two", true},
		"table": amqp.Table{"inner": amqp.Table{"deep": "x"}},
	}
	publish(channel, "", queue, amqp.Publishing{
		Headers: sent, Priority: 4, MessageId: "m", UserId: "guest", Expiration: "60000"})
	message, _, err := channel.Get(queue, true)
	must(err)
	equal("headers", message.Headers, sent)
	texts := []string{message.MessageId, message.UserId, message.Expiration}
	equal("properties", texts, []string{"m", "guest", "60000"})
	equal("priority", message.Priority, uint8(4))
}

func heartbeat(*amqp.Connection) {
	connection, err := amqp.DialConfig(url, amqp.Config{Heartbeat: time.Second})
	must(err)
	closed := connection.NotifyClose(make(chan *amqp.Error, 1))
	select { // Idleness is what is tested.
	case failure := <-closed:
		panic(failure)
	case <-time.After(4 * time.Second):
	}
	open(connection)
	must(connection.Close())
}

func run(title string, test func(*amqp.Connection)) (ok bool) {
	defer func() {
		if failure := recover(); failure != nil {
			fmt.Printf("FAIL %s\n    %v\n", title, failure)
			ok = false
		}
	}()
	connection, err := amqp.Dial(url)
	must(err)
	defer connection.Close()
	test(connection)
	fmt.Println("ok  ", title)
	return true
}

func main() {
	cases := []struct {
		title string
		test  func(*amqp.Connection)
	}{
		{"wrong password", wrongPassword},
		{"AMQPLAIN", amqplain},
		{"publish, confirm, consume, ack", publishConfirmConsumeAck},
		{"nack, requeue, get", nackRequeueGet},
		{"transaction", transaction},
		{"mandatory return", mandatoryReturn},
		{"channel errors", channelErrors},
		{"exclusive queue", exclusive},
		{"direct reply-to", replyTo},
		{"prefetch", prefetch},
		{"body of 1 MiB", largeBody},
		{"headers of all types", headers},
		{"heartbeat", heartbeat},
	}
	failed := 0
	for _, one := range cases {
		if !run(one.title, one.test) {
			failed++
		}
	}
	fmt.Printf("%d passed, %d failed\n", len(cases)-failed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
