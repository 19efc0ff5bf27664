package api_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

const openapiFile = "../../../openapi.yaml"

func loadOpenAPI(tb testing.TB) *openapi3.T {
	tb.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(openapiFile)
	if err != nil {
		tb.Fatal(err)
	}
	return doc
}

func TestOpenAPIIsValid(t *testing.T) {
	doc := loadOpenAPI(t)
	if err := doc.Validate(context.Background(), openapi3.EnableExamplesValidation()); err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.OperationID == "" || op.Summary == "" || len(op.Tags) != 1 {
				t.Errorf("%s %s: needs an operationId, a summary and one tag", method, path)
			}
		}
	}
}

func TestCopyOfOpenAPIIsCurrent(t *testing.T) {
	want, err := os.ReadFile(openapiFile)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../../spec/openapi.gen.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("spec/openapi.gen.yaml differs from openapi.yaml; run go generate ./reference/internal/api/...")
	}
}
