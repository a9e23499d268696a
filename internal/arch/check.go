package arch

import (
	"fmt"
	"slices"
	"strings"
)

// Package is what the rules look at of a package, as `go list -json` prints it.
type Package struct {
	ImportPath string
	Name       string
	Dir        string
	Doc        string
	Imports    []string
}

// checkPackages applies the rules on packages and returns one line for each breach.
func checkPackages(module string, pkgs []Package) (breaches []string) {
	for _, p := range pkgs {
		path, ok := inside(module, p.ImportPath)
		if !ok {
			continue
		}
		if p.Doc == "" {
			breaches = append(breaches, path+": no package comment; say in doc.go what the package owns")
		}
		if slices.Contains(bannedNames, p.Name) {
			breaches = append(breaches, fmt.Sprintf("%s: a package named %s says nothing about what it owns", path, p.Name))
		}
		breaches = append(breaches, checkImports(module, path, p.Imports)...)
	}
	return breaches
}

func checkImports(module, path string, imports []string) (breaches []string) {
	allowed, ok := mayImport(path)
	if !ok {
		return []string{path + ": stands in no room of the house; rules.go has no line for it"}
	}
	for _, imported := range imports {
		if target, ok := inside(module, imported); ok && !matchAny(allowed, target) {
			breaches = append(breaches, fmt.Sprintf("%s imports %s; it may import only %s", path, target, allowed))
		}
		for _, f := range fences {
			if match(f.pkg, imported) && !matchAny(f.in, path) {
				breaches = append(breaches, fmt.Sprintf("%s imports %s, which belongs in %s only", path, imported, f.in))
			}
		}
	}
	return breaches
}

// mayImport returns the patterns that the package may import, and whether any line is about it.
func mayImport(path string) (string, bool) {
	for _, a := range arrows {
		if match(a.from, path) {
			return a.to, true
		}
	}
	return "", false
}

// inside returns the path inside the module of an import path, and whether it is one.
func inside(module, importPath string) (string, bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// matchAny reports whether path matches one of the patterns, which spaces separate.
func matchAny(patterns, path string) bool {
	return slices.ContainsFunc(strings.Fields(patterns), func(p string) bool { return match(p, path) })
}

func match(pattern, path string) bool {
	if pattern == "..." {
		return true
	}
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == below || strings.HasPrefix(path, below+"/")
	}
	if below, ok := strings.CutSuffix(pattern, "/*"); ok {
		return strings.HasPrefix(path, below+"/")
	}
	return path == pattern
}
