package target

import (
	"net/mail"
	"unicode/utf8"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api/apigen"
	"reelcheck/reference/internal/api/wire"
)

const (
	maxName   = 256
	maxSecret = 50
	maxEmail  = 320
)

// Application returns an application with the settings in body. Errors are of type [*archive.Error].
func (r Rules) Application(body apigen.ApplicationRequest) (account.Application, error) {
	app := account.Application{
		Name:                text(body.Name),
		PreferredVideoCodec: string(apigen.VP8),
		ArchiveCallbackURL:  text(body.ArchiveCallbackUrl),
		SessionCallbackURL:  text(body.SessionCallbackUrl),
		SignatureSecret:     text(body.SignatureSecret),
		Email:               text(body.Email),
	}
	if body.PreferredVideoCodec != nil {
		if !body.PreferredVideoCodec.Valid() {
			return app, wire.Invalid("preferredVideoCodec", "preferredVideoCodec must be one of VP8, H264, VP9, got %.64q", *body.PreferredVideoCodec)
		}
		app.PreferredVideoCodec = string(*body.PreferredVideoCodec)
	}
	if body.SignatureSecret != nil && app.SignatureSecret == "" {
		return app, wire.Invalid("signatureSecret", "signatureSecret must have 1 to %d characters", maxSecret)
	}
	for _, err := range []error{
		checkLength("name", app.Name, maxName),
		checkLength("signatureSecret", app.SignatureSecret, maxSecret),
		checkLength("email", app.Email, maxEmail),
		checkEmail(app.Email),
		r.URL("archiveCallbackUrl", app.ArchiveCallbackURL),
		r.URL("sessionCallbackUrl", app.SessionCallbackURL),
	} {
		if err != nil {
			return app, err
		}
	}
	var err error
	if app.Fallback, err = Fallback("fallback", body.Fallback); err != nil || body.Storage == nil {
		return app, err
	}
	storage, fallback, err := r.Parse("storage.", *body.Storage)
	if body.Storage.Fallback != nil {
		app.Fallback = fallback
	}
	app.Storage = storage
	return app, err
}

func checkLength(field, value string, most int) error {
	if utf8.RuneCountInString(value) > most {
		return wire.Invalid(field, "%s must have at most %d characters", field, most)
	}
	return nil
}

func checkEmail(value string) error {
	if a, err := mail.ParseAddress(value); value != "" && (err != nil || a.Address != value) {
		return wire.Invalid("email", "email must be a mail address, got %.64q", value)
	}
	return nil
}
