// Package apiclient is a client of the management API that nobody wrote: oapi-codegen made it of the description that curfew
// serves. It is here to prove that the description is one that others can work by.
package apiclient

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config oapi-codegen.yaml ../../op/api/testdata/openapi.json
