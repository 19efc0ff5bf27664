package evidence

// Bytes returns the bytes that a record holds or names: of an exchange those of the answer, or of the request. ok is false if there are none.
func (r Record) Bytes(request bool) (b Body, ok bool) {
	blob := func(sum string) Body { return Body{SHA256: sum, Size: 1} } // the size is not known
	switch {
	case r.Exchange != nil && request:
		b = r.Exchange.Request.Body
	case r.Exchange != nil && r.Exchange.Response != nil:
		b = r.Exchange.Response.Body
	case r.Webhook != nil:
		b = r.Webhook.Body
	case r.Mail != nil:
		b = r.Mail.Body
	case r.Client != nil:
		b = r.Client.Body
	case r.Object != nil:
		b = blob(r.Object.SHA256)
	case r.Media != nil:
		b = blob(r.Media.SHA256)
	case r.Individual != nil:
		b = blob(r.Individual.SHA256)
	case r.Opened != nil && r.Opened.Plain != "":
		b = blob(r.Opened.Plain)
	}
	return b, b.Size > 0 && (b.Text != "" || len(b.SHA256) == 64)
}
