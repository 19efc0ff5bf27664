// Package apigen contains the types of openapi.yaml.
package apigen

//go:generate cp ../../../../openapi.yaml ../../../../spec/openapi.gen.yaml
//go:generate go tool oapi-codegen -config config.yaml ../../../../openapi.yaml
