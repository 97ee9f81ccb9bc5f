# A style sheet -> a C string, a literal for each line of it.
BEGIN { print "#include \"report/sla_page.h\"\nconst char sla_style[] =" }
{
    gsub(/[\\"]/, "\\\\&")
    print "\"" $0 "\\n\""
}
END { print ";" }
