package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/curfew-id/curfew/config"
	"github.com/curfew-id/curfew/internal/observe"
	"github.com/curfew-id/curfew/op/client"
)

// What a command exits with.
const (
	exitFailed = 1
	exitUsage  = 2 // the command line or the configuration
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	// Commands say what they have to say on standard output; what packages log is worth a line only if it is a warning.
	slog.SetDefault(observe.NewLogger(os.Stderr, observe.LogOptions{Level: slog.LevelWarn}))
	cmd, err := root().ExecuteContextC(ctx)
	os.Exit(exit(os.Stderr, cmd, err))
}

// exit tells what went wrong, one line each, and returns the exit code.
func exit(w io.Writer, cmd *cobra.Command, err error) int {
	var problems config.Problems
	var usage *usageError
	var field *client.FieldError // of what a client is to register
	var failed *failure
	switch {
	case err == nil:
		return 0
	case errors.As(err, &problems):
		for _, p := range problems {
			fmt.Fprintln(w, "curfew:", p)
		}
		return exitUsage
	case errors.As(err, &usage), errors.As(err, &field), !errors.As(err, &failed):
		fmt.Fprintf(w, "curfew: %s\nSee %s --help\n", strings.Join(strings.Fields(err.Error()), " "), cmd.CommandPath())
		return exitUsage
	}
	fmt.Fprintln(w, "curfew:", strings.ReplaceAll(err.Error(), "\n", "\ncurfew: "))
	return exitFailed
}

// usageError is a command line that cannot be meant.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// failure is an error of running a command. All other errors come from reading the command line.
type failure struct{ error }

func (f *failure) Unwrap() error { return f.error }

// markFailures makes the errors of a command's work known as such, for the whole tree.
func markFailures(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if err := run(cmd, args); err != nil {
				return &failure{err}
			}
			return nil
		}
	}
	for _, c := range cmd.Commands() {
		markFailures(c)
	}
}
