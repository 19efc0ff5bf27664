package main

import (
	"context"

	"reelcheck/reference/internal/account"
)

// certificates finds the certificate for whose holder an application's archives are encrypted.
func certificates(store interface {
	Application(ctx context.Context, id string) (account.Application, error)
}) func(ctx context.Context, applicationID string) (string, error) {
	return func(ctx context.Context, applicationID string) (string, error) {
		app, err := store.Application(ctx, applicationID)
		if err != nil || app.Storage == nil {
			return "", err
		}
		return app.Storage.Certificate, nil
	}
}
