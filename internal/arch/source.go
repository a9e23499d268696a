package arch

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strconv"
	"strings"
)

// checkSource applies the rules on files to the source of one, at a path inside the module.
func checkSource(name string, src []byte) (breaches []string) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return []string{fmt.Sprintf("%s: %v", name, err)}
	}
	if n := bytes.Count(src, []byte("\n")); n > maxLines && !ast.IsGenerated(file) {
		breaches = append(breaches, fmt.Sprintf("%s: %d lines; split it by feature, %d are the most", name, n, maxLines))
	}
	if !strings.HasSuffix(name, "_test.go") {
		breaches = append(breaches, checkTime(fset, name, file)...)
	}
	return append(breaches, checkNames(fset, file)...)
}

// checkTime refuses the wall clock: a token's life is counted on the database's clock, and a test's on a
// fake one. It looks for the names themselves, so that time.Now passed on as a value counts too.
func checkTime(fset *token.FileSet, name string, file *ast.File) (breaches []string) {
	if matchAny(readsTime, path.Dir(name)) {
		return nil
	}
	local := ""
	for _, spec := range file.Imports {
		if importPath(spec) != "time" {
			continue
		}
		if local = "time"; spec.Name != nil {
			local = spec.Name.Name
		}
		if local == "." {
			return []string{fmt.Sprintf("%s: a dot import of time hides who reads it", fset.Position(spec.Pos()))}
		}
	}
	if local == "" {
		return nil
	}
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := sel.X.(*ast.Ident)
		if !ok || pkg.Name != local {
			return true
		}
		switch sel.Sel.Name {
		case "Now", "Since", "Until":
			breaches = append(breaches, fmt.Sprintf("%s: time.%s reads the wall clock; take a clock.Clock", fset.Position(sel.Pos()), sel.Sel.Name))
		}
		return true
	})
	return breaches
}

// checkNames refuses an import under another name than its fence sets.
func checkNames(fset *token.FileSet, file *ast.File) (breaches []string) {
	for _, spec := range file.Imports {
		for _, f := range fences {
			if f.as == "" || !match(f.pkg, importPath(spec)) {
				continue
			}
			if spec.Name == nil || spec.Name.Name != f.as {
				breaches = append(breaches, fmt.Sprintf("%s: import %s as %s", fset.Position(spec.Pos()), f.pkg, f.as))
			}
		}
	}
	return breaches
}

func importPath(spec *ast.ImportSpec) string {
	p, _ := strconv.Unquote(spec.Path.Value)
	return p
}
