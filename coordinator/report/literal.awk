# A style sheet or a script -> a C string called `name`, a literal for each line of it.
BEGIN { printf "extern const char %s[];\nconst char %s[] =\n", name, name }
{
    gsub(/[\\"]/, "\\\\&")
    print "\"" $0 "\\n\""
}
END { print ";" }
