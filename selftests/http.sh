#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# timeout: 120
#
# HTTP, with --header and --trailer on one side and curl on the other; and files
# that web servers send, from a socket that somebody else has opened.

# Functions are called by check and wait_for.
# shellcheck disable=SC2317

# shellcheck source=selftests/lib.sh
. "${0%/*}/lib.sh"

size=3000077
head -c $size /dev/urandom >src

# serve NAME PORT ARGUMENTS…: one answer, while curl fetches it into rcv
serve() {
	serve_name=$1 serve_port=$2
	shift 2
	rm -f rcv
	zcdevctl transfer -q "$@" "tcp-listen::$serve_port" &
	serve_pid=$!
	wait_for 5 listening "$serve_port"
	code=$(curl -s -o rcv -w '%{http_code}' "http://127.0.0.1:$serve_port/")
	check_job "$serve_name: the server ends well" 0 $serve_pid
}

printf 'HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n' $size >hdr
serve "a file" 8001 --header hdr src
check "a file: 200" test "$code" = 200
check "a file: same bytes" cmp -s src rcv

head -c 1000 src >part
printf 'HTTP/1.1 206 Partial Content\r\nContent-Length: 1000\r\n\r\n' >hdr
serve "a part of it" 8002 --header hdr -s 1000 --in-offset 4097 src
check "a part of it: 206" test "$code" = 206
tail -c +4098 src | head -c 1000 >want
check "a part of it: same bytes" cmp -s want rcv

: >empty
printf 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' >hdr
serve "an empty file" 8003 --header hdr empty
check "an empty file: 200" test "$code" = 200
check "an empty file: nothing in it" test ! -s rcv

# What is in between is one chunk, and the trailer ends it and the document.
printf 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n' $size >hdr
printf '\r\n0\r\n\r\n' >trl
serve "chunked" 8004 --header hdr --trailer trl src
check "chunked: 200" test "$code" = 200
check "chunked: same bytes" cmp -s src rcv

mkfifo fifo
cat src >fifo &
serve "chunked, from a pipe" 8005 --header hdr --trailer trl fifo
check "chunked, from a pipe: same bytes" cmp -s src rcv

# As large as they can be: the rest of the header is one long line.
{
	printf 'HTTP/1.1 200 OK\r\nContent-Length: %s\r\nX: ' $size
	printf '%065000d' 0
	printf '\r\n\r\n'
} >hdr
serve "a large header" 8006 --header hdr src
check "a large header: same bytes" cmp -s src rcv
head -c 65537 src >hdr
check_status "a header that is too large" 1 zcdevctl transfer -q --header hdr src out

# To several, each with its own header.
printf 'HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n' $size >hdr
zcdevctl transfer -j --header hdr src tcp-listen::8007 tcp-listen::8008 copy >report &
pid=$!
wait_for 5 listening 8007
curl -s -o rcv http://127.0.0.1:8007/ &
first=$!
wait_for 5 listening 8008
check "two at once: the second" curl -s -o rcv2 http://127.0.0.1:8008/
check_job "two at once: the first" 0 $first
check_job "two at once: the server ends well" 0 $pid
check "two at once: same bytes" cmp -s src rcv
check "two at once: the second's, too" cmp -s src rcv2
cat hdr src >want
check "two at once: the file has the header, too" cmp -s want copy
check "the counts of a sink are with the header" \
	grep -q "\"end\": \"copy\".* \"bytes\": $((size + $(stat -c %s hdr)))," report

# From a web server: the request goes out through the same socket.

cat >fetch <<'EOF'
#!/bin/sh
printf 'GET /src HTTP/1.0\r\n\r\n'
exec zcdevctl transfer -q fd:0 got
EOF
chmod +x fetch
httpd -f -p 127.0.0.1:8010 -h . &
web=$!
wait_for 5 listening 8010
check "from httpd" socat TCP:127.0.0.1:8010 EXEC:./fetch,nofork
kill $web
check "from httpd: 200" sh -c 'head -n 1 got | grep -q "^HTTP/1.* 200"'
tail -c $size got >rcv
check "from httpd: same bytes" cmp -s src rcv

printf '[req]\ndistinguished_name = dn\n[dn]\n' >conf
openssl req -config conf -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
	-subj /CN=zc -keyout key -out cert -days 1 >/dev/null 2>&1
openssl s_server -quiet -accept 127.0.0.1:8011 -key key -cert cert -WWW >/dev/null 2>&1 &
web=$!
wait_for 5 listening 8011
# Once openssl has sent all, socat waits so long for fetch to end.
check "from openssl, through socat" \
	socat -t 60 OPENSSL:127.0.0.1:8011,verify=0 EXEC:./fetch,pipes
kill $web
tail -c $size got >rcv
check "from openssl: same bytes" cmp -s src rcv

# From nginx, which sends the file with sendfile(2); and to it, as the body of a PUT.

big=$((24 * 1024 * 1024 + 77))
mkdir www
head -c $big /dev/urandom >www/big
cat >nginx.conf <<EOF
daemon off;
user root root;
pid nginx.pid;
error_log stderr;
events {}
http {
	access_log off;
	sendfile on;
	client_max_body_size 0;
	client_body_temp_path body;
	proxy_temp_path temp;
	fastcgi_temp_path temp;
	uwsgi_temp_path temp;
	scgi_temp_path temp;
	server {
		listen 127.0.0.1:8012;
		root www;
		dav_methods PUT;
	}
}
EOF
nginx -p "$PWD" -c "$PWD/nginx.conf" 2>nginx.log &
web=$!
check "nginx is there" wait_for 5 listening 8012

cat >fetch <<'EOF'
#!/bin/sh
printf 'GET /big HTTP/1.0\r\n\r\n'
exec zcdevctl transfer -j fd:0 got >report
EOF
rm got
check "from nginx" socat TCP:127.0.0.1:8012 EXEC:./fetch,nofork
check "from nginx: 200" sh -c 'head -n 1 got | grep -q "^HTTP/1.* 200"'
tail -c $big got >rcv
check "from nginx: same bytes" cmp -s www/big rcv
check "from nginx: all is counted" test "$(field bytes report)" = "$(stat -c %s got)"
check "from nginx: written by DMA" grep -q '"paths": \[ "direct" \]' report

printf 'PUT /new HTTP/1.1\r\nHost: a\r\nContent-Length: %s\r\n\r\n' $big >hdr
check "to nginx" zcdevctl transfer -q --header hdr www/big tcp:127.0.0.1:8012
wait_for 10 test -e www/new
check "to nginx: same bytes" cmp -s www/big www/new

# Between curl and nginx, one transfer each way.
cat >between <<'EOF'
#!/bin/sh
exec 3<&0 4>&1
exec socat TCP:127.0.0.1:8012 EXEC:./both,nofork
EOF
cat >both <<'EOF'
#!/bin/sh
zcdevctl transfer -q fd:3 fd:1 &
zcdevctl transfer -j fd:0 fd:4 >report
wait
EOF
chmod +x between both
rm report
socat TCP-LISTEN:8013,reuseaddr EXEC:./between,nofork &
proxy=$!
wait_for 5 listening 8013
check "between curl and nginx" curl -s --http1.0 -o rcv http://127.0.0.1:8013/big
check_job "between curl and nginx: it ends well" 0 $proxy
check "between curl and nginx: same bytes" cmp -s www/big rcv
check "between curl and nginx: handed on by reference" grep -q '"reference"' report
kill $web
wait $web

finish
