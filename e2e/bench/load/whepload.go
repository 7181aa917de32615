// whepload opens N WebRTC viewers against a WHEP endpoint (or Janus' streaming plugin) and measures what they get.
//
//	whepload -url http://127.0.0.1:8080/whep/live -n 100 -ramp 50 -seconds 20 [-pid SERVERPID] [-nack] [-drop 2]
//	whepload ... -nack -storm 500                                               ask for everything again all the time
//	whepload -proto janus -url http://127.0.0.1:8088/janus -stream 1 -n 100 ...
//	whepload -publish -url http://127.0.0.1:8080/whip/live -h264 a.h264 -ogg a.ogg -seconds 30
//	whepload -publish -latency ... -whep http://127.0.0.1:8080/whep/live        publish, view, and match payloads
//
// It is built to cost less than the server it measures.  Signalling, ICE and DTLS are real, but media is never
// decoded: one thread runs epoll over one UDP socket per viewer and counts SRTP packets by their clear RTP header.
// Packets are decrypted only until the first video keyframe has been found (and always for viewer 0 with -latency, and for sampled ones with -stamp).
// Once a viewer has its keyframe its packets are read with recvmmsg into 192-byte slots (MSG_TRUNC gives the size).
// RTCP is real too: receiver reports, PLI until the first keyframe, and NACK (RTX or same-SSRC) with -nack.
//
// One JSON object is printed.  Exit status 1 when no viewer connected.  Linux only.
//
// Build (Debian 12; golang-github-pion-webrtc.v3-dev):
//
//	cd $GOPATH/src/whepload && GO111MODULE=off GOPATH=$GOPATH:/usr/share/gocode go build -o whepload .
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/pion/dtls/v2"
	"github.com/pion/dtls/v2/pkg/crypto/selfsign"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/srtp/v2"
	"github.com/pion/stun"
	"github.com/pion/transport/v2/packetio"
	"github.com/pion/webrtc/v3"
	"github.com/pion/webrtc/v3/pkg/media/oggreader"
)

var (
	flagURL     = flag.String("url", "", "WHEP endpoint, Janus HTTP root, or WHIP endpoint with -publish")
	flagProto   = flag.String("proto", "whep", "whep or janus")
	flagStream  = flag.Int("stream", 1, "Janus mountpoint id")
	flagN       = flag.Int("n", 1, "viewers")
	flagRamp    = flag.Float64("ramp", 20, "new viewers a second")
	flagSecs    = flag.Float64("seconds", 10, "measured seconds, after every viewer connected or failed")
	flagSettle  = flag.Float64("settle", 2, "seconds between the last connect and the measured window")
	flagTimeout = flag.Duration("timeout", 10*time.Second, "limit for one viewer's signalling + ICE + DTLS")
	flagCodec   = flag.String("vcodec", "h264", "offered video codecs: h264, vp8 or h264,vp8")
	flagAudio   = flag.Bool("audio", true, "offer audio")
	flagVideo   = flag.Bool("video", true, "offer video")
	flagNack    = flag.Bool("nack", false, "offer NACK + RTX and ask for missing packets")
	flagDrop    = flag.Float64("drop", 0, "percent of received RTP to throw away (first transmissions), to exercise NACK")
	flagStorm   = flag.Int("storm", 0, "with -nack: every viewer asks for that many of the latest packets again, 50 times a second, whether it has them or not")
	flagRR      = flag.Duration("rr", 2*time.Second, "receiver report interval, 0 for none")
	flagRTT     = flag.Duration("rtt", 0, "extra round trip time to pretend in receiver reports (Janus retransmits nothing at 0 ms)")
	flagSRTP    = flag.String("srtp", "any", "SRTP profile offered: any, cm (AES128_CM_HMAC_SHA1_80) or gcm (AEAD_AES_128_GCM)")
	flagBind    = flag.String("bind", "127.0.0.1", "local IPv4 address of the viewers")
	flagBearer  = flag.String("bearer", "", "Authorization: Bearer token for WHEP/WHIP")
	flagPid     = flag.String("pid", "", "server pids; CPU and memory of them and their descendants are reported")
	flagVerbose = flag.Bool("v", false, "log each failure and viewer 0's SDP")
	flagPublish = flag.Bool("publish", false, "be a WHIP publisher (-h264, -ogg)")
	flagH264    = flag.String("h264", "", "Annex B file to publish, looped")
	flagOgg     = flag.String("ogg", "", "Ogg/Opus file to publish, looped")
	flagFPS     = flag.Float64("fps", 30, "frame rate of -h264")
	flagWhep    = flag.String("whep", "", "with -publish: also view this endpoint with -n viewers")
	flagStamp   = flag.String("stamp", "", "16 bytes in hex: sampled viewers look for them in their video, followed by microseconds since 1970 (8 bytes, big endian), and reports the age")
	flagSampled = flag.Int("sampled", 1, "with -stamp: so many viewers look for it, spread over all of them")
	flagLatency = flag.Bool("latency", false, "with -publish -whep: latency by matching payloads seen by viewer 0")
)

// ---------------------------------------------------------------- one viewer

type stream struct { // one received SSRC
	ssrc                      uint32
	kind                      byte // 'v' video, 'a' audio, 'x' RTX, '?' unknown
	started                   bool
	base, max                 int64
	recv, late, dup           uint64
	bits                      [4096 / 64]uint64 // received or not, the last 4096 sequence numbers
	recv0, bytes0             uint64            // values when the measured window began
	exp0                      int64
	bytes                     uint64
	lastNS, gapNS             int64
	rrExp, rrRecv             int64
	lsr                       uint32
	srAt                      time.Time
	missing                   []missing
	recovered, nacked, gaveUp uint64
}
type missing struct {
	seq   int64
	tries int
	next  time.Time
}
type keys struct{ in, out *srtp.Context }

type viewer struct {
	id                            int
	fd                            int
	port                          int
	ufrag, pwd                    string // ours
	rufrag, rpwd, rfp, setup      string // theirs
	cands                         []*net.UDPAddr
	controlling                   bool
	resource, session             string // WHEP resource to delete, Janus session to destroy
	t0                            time.Time
	answer, ice, conn, rtp1, key1 time.Duration // since t0
	iceUp                         chan struct{}
	nominated                     bool
	dtlsIn                        *packetio.Buffer
	keys                          atomic.Value // *keys, set once DTLS is done
	live                          int32        // 1 connected, 2 closed by the peer
	early                         [][]byte     // packets before the keys
	streams                       []*stream
	pts                           map[byte]string // payload type to codec
	fast                          bool            // keyframe found: headers are enough
	keyTS                         uint32
	keyPending                    bool
	lastPLI, lastRR, lastSTUN     time.Time
	err                           error
}

var (
	epfd      int
	viewers   []*viewer
	cert      tls.Certificate
	certFP    string
	measuring bool
	sent      sync.Map // payload hash -> send time, for -latency
	stamp     []byte   // decoded -stamp
	latencies []float64
)

func main() {
	flag.Parse()
	if *flagURL == "" {
		flag.Usage()
		os.Exit(2)
	}
	var err error
	stamp, err = hex.DecodeString(*flagStamp)
	check(err)
	var rl syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &rl) == nil {
		rl.Cur = rl.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &rl)
	}
	view := *flagURL
	if *flagPublish {
		p, err := publish(*flagURL)
		check(err)
		defer p()
		if *flagWhep == "" {
			time.Sleep(time.Duration(*flagSecs * float64(time.Second)))
			return
		}
		view = *flagWhep
		time.Sleep(time.Second)
	}
	cert, err = selfsign.GenerateSelfSigned()
	check(err)
	certFP = fingerprint(cert.Certificate[0])
	epfd, err = syscall.EpollCreate1(0)
	check(err)

	mem0 := procUsage(true)
	viewers = make([]*viewer, *flagN)
	for i := range viewers {
		viewers[i] = &viewer{id: i, fd: -1, iceUp: make(chan struct{}), dtlsIn: packetio.NewBuffer()}
	}
	stop := make(chan func())
	go reader(stop)
	var wg sync.WaitGroup
	begin := time.Now()
	for i, v := range viewers {
		time.Sleep(time.Until(begin.Add(time.Duration(float64(i) / *flagRamp * float64(time.Second)))))
		wg.Add(1)
		go func(v *viewer) {
			defer wg.Done()
			if err := v.start(view); err != nil {
				v.err = err
				if *flagVerbose {
					fmt.Fprintf(os.Stderr, "viewer %d: %v\n", v.id, err)
				}
			}
		}(v)
	}
	wg.Wait()
	time.Sleep(time.Duration(*flagSettle * float64(time.Second)))
	u0, c0, t0 := procUsage(false), selfCPU(), time.Now()
	stop <- markWindow
	time.Sleep(time.Duration(*flagSecs * float64(time.Second)))
	stop <- nil // the reader has stopped: its state may be read
	el := time.Since(t0).Seconds()
	u1, c1 := procUsage(true), selfCPU()
	ok := report(el, mem0, u0, u1, (c1-c0)/el*100)
	slots := make(chan struct{}, 32)
	for _, v := range viewers {
		slots <- struct{}{}
		go func(v *viewer) { v.close(); <-slots }(v)
	}
	for i := 0; i < cap(slots); i++ {
		slots <- struct{}{}
	}
	if !ok {
		os.Exit(1)
	}
}

// start signals, then waits for ICE and DTLS.
func (v *viewer) start(url string) error {
	v.t0 = time.Now()
	v.ufrag, v.pwd = randHex(4), randHex(12)
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	me := &syscall.SockaddrInet4{}
	copy(me.Addr[:], net.ParseIP(*flagBind).To4())
	if err = syscall.Bind(fd, me); err != nil {
		return err
	}
	if syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, 33 /* SO_RCVBUFFORCE */, 4<<20) != nil {
		_ = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<20)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		return err
	}
	v.fd, v.port = fd, sa.(*syscall.SockaddrInet4).Port
	if *flagProto == "janus" {
		err = v.janus(url)
	} else {
		err = v.whep(url)
	}
	if err != nil {
		return err
	}
	v.answer = time.Since(v.t0)
	if len(v.cands) == 0 {
		return errors.New("no UDP/IPv4 candidate in the remote SDP")
	}
	if err = syscall.EpollCtl(epfd, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(v.id)}); err != nil {
		return err
	}
	deadline := time.After(*flagTimeout)
	for up := false; !up; {
		for _, c := range v.cands {
			v.sendCheck(c)
		}
		select {
		case <-v.iceUp:
			up = true
		case <-time.After(50 * time.Millisecond):
		case <-deadline:
			return errors.New("ICE timeout")
		}
	}
	v.ice = time.Since(v.t0)
	profiles := []dtls.SRTPProtectionProfile{dtls.SRTP_AES128_CM_HMAC_SHA1_80, dtls.SRTP_AEAD_AES_128_GCM}
	if *flagSRTP == "gcm" {
		profiles = profiles[1:]
	} else if *flagSRTP == "cm" {
		profiles = profiles[:1]
	}
	cfg := &dtls.Config{
		Certificates: []tls.Certificate{cert}, InsecureSkipVerify: true, ExtendedMasterSecret: dtls.RequestExtendedMasterSecret,
		SRTPProtectionProfiles: profiles, ClientAuth: dtls.RequireAnyClientCert, FlightInterval: 50 * time.Millisecond,
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			if v.rfp != "" && len(raw) > 0 && !strings.EqualFold(fingerprint(raw[0]), v.rfp) {
				return errors.New("certificate does not match the SDP fingerprint")
			}
			return nil
		},
	}
	dc := make(chan *dtls.Conn, 1)
	de := make(chan error, 1)
	go func() {
		var c *dtls.Conn
		var err error
		if v.setup == "active" {
			c, err = dtls.Server(&packetConn{v}, cfg)
		} else {
			c, err = dtls.Client(&packetConn{v}, cfg)
		}
		if err != nil {
			de <- err
			return
		}
		dc <- c
	}()
	var c *dtls.Conn
	select {
	case c = <-dc:
	case err = <-de:
		return fmt.Errorf("DTLS: %w", err)
	case <-deadline:
		return errors.New("DTLS timeout")
	}
	p, ok := c.SelectedSRTPProtectionProfile()
	if !ok {
		return errors.New("no SRTP profile")
	}
	k, err := newKeys(c, p, v.setup != "active")
	if err != nil {
		return err
	}
	v.conn = time.Since(v.t0)
	v.keys.Store(k)
	atomic.StoreInt32(&v.live, 1)
	return nil
}

func newKeys(c *dtls.Conn, p dtls.SRTPProtectionProfile, client bool) (*keys, error) {
	prof := srtp.ProtectionProfile(p)
	kl, sl := 16, 14
	if p == dtls.SRTP_AEAD_AES_128_GCM {
		sl = 12
	}
	st := c.ConnectionState()
	m, err := st.ExportKeyingMaterial("EXTRACTOR-dtls_srtp", nil, 2*(kl+sl))
	if err != nil {
		return nil, err
	}
	ck, sk, cs, ss := m[:kl], m[kl:2*kl], m[2*kl:2*kl+sl], m[2*kl+sl:]
	if !client {
		ck, sk, cs, ss = sk, ck, ss, cs
	}
	in, err := srtp.CreateContext(sk, ss, prof)
	if err != nil {
		return nil, err
	}
	out, err := srtp.CreateContext(ck, cs, prof)
	return &keys{in: in, out: out}, err
}

func (v *viewer) close() {
	if v.session != "" {
		if rs, err := client.Post(v.session, "application/json", strings.NewReader(`{"janus":"destroy","transaction":"d"}`)); err == nil {
			rs.Body.Close()
		}
	}
	if v.resource != "" {
		if rq, err := http.NewRequest("DELETE", v.resource, nil); err == nil {
			if rs, err := client.Do(rq); err == nil {
				rs.Body.Close()
			}
		}
	}
	if v.fd >= 0 {
		syscall.Close(v.fd)
		v.fd = -1
	}
}

// packetConn is the net.Conn that pion/dtls talks through; the reader thread feeds it.
type packetConn struct{ v *viewer }

func (p *packetConn) Read(b []byte) (int, error) { return p.v.dtlsIn.Read(b) }
func (p *packetConn) Write(b []byte) (int, error) {
	_, err := syscall.Write(p.v.fd, b)
	return len(b), err
}
func (p *packetConn) Close() error                       { return p.v.dtlsIn.Close() }
func (p *packetConn) LocalAddr() net.Addr                { return &net.UDPAddr{Port: p.v.port} }
func (p *packetConn) RemoteAddr() net.Addr               { return p.v.cands[0] }
func (p *packetConn) SetDeadline(t time.Time) error      { return p.v.dtlsIn.SetReadDeadline(t) }
func (p *packetConn) SetReadDeadline(t time.Time) error  { return p.v.dtlsIn.SetReadDeadline(t) }
func (p *packetConn) SetWriteDeadline(t time.Time) error { return nil }

// ---------------------------------------------------------------- signalling

// Every request gets its own connection, as separate viewers would (MistServer also drops idle ones at any moment).
var client = &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func (v *viewer) whep(u string) error {
	offer := v.offer()
	rq, err := http.NewRequest("POST", u, strings.NewReader(offer))
	if err != nil {
		return err
	}
	rq.Header.Set("Content-Type", "application/sdp")
	if *flagBearer != "" {
		rq.Header.Set("Authorization", "Bearer "+*flagBearer)
	}
	rs, err := client.Do(rq)
	if err != nil {
		return err
	}
	defer rs.Body.Close()
	b, _ := io.ReadAll(rs.Body)
	if rs.StatusCode/100 != 2 {
		return fmt.Errorf("WHEP status %d: %.120s", rs.StatusCode, b)
	}
	if l := rs.Header.Get("Location"); l != "" {
		if base, err := url.Parse(u); err == nil {
			if r, err := base.Parse(l); err == nil {
				v.resource = r.String()
			}
		}
	}
	if *flagVerbose && v.id == 0 {
		fmt.Fprintf(os.Stderr, "%s\n---- answer %d\n%s\n", offer, rs.StatusCode, b)
	}
	v.controlling = true
	v.parse(string(b))
	return nil
}

func (v *viewer) janus(root string) error {
	type reply struct {
		Janus      string
		Data       struct{ ID uint64 }
		Error      *struct{ Reason string }
		Jsep       *struct{ Type, SDP string }
		Plugindata struct{ Data struct{ Error string } }
	}
	call := func(path string, body interface{}) (r reply, err error) {
		var rs *http.Response
		if body == nil {
			rs, err = client.Get(root + path)
		} else {
			b, _ := json.Marshal(body)
			rs, err = client.Post(root+path, "application/json", bytes.NewReader(b))
		}
		if err != nil {
			return
		}
		defer rs.Body.Close()
		if err = json.NewDecoder(rs.Body).Decode(&r); err == nil && r.Error != nil {
			err = errors.New("janus: " + r.Error.Reason)
		} else if e := r.Plugindata.Data.Error; err == nil && e != "" {
			err = errors.New("janus: " + e)
		}
		return
	}
	type m map[string]interface{}
	s, err := call("", m{"janus": "create", "transaction": "c"})
	if err != nil {
		return err
	}
	sp := fmt.Sprintf("/%d", s.Data.ID)
	v.session = root + sp
	h, err := call(sp, m{"janus": "attach", "plugin": "janus.plugin.streaming", "transaction": "a"})
	if err != nil {
		return err
	}
	hp := fmt.Sprintf("%s/%d", sp, h.Data.ID)
	if _, err = call(hp, m{"janus": "message", "transaction": "w", "body": m{"request": "watch", "id": *flagStream}}); err != nil {
		return err
	}
	for end := time.Now().Add(*flagTimeout); time.Now().Before(end); {
		e, err := call(sp+"?maxev=1", nil)
		if err != nil {
			return err
		}
		if e.Jsep == nil {
			continue
		}
		v.parse(e.Jsep.SDP)
		answer := v.mirror(e.Jsep.SDP)
		v.setup = "passive" // we answered active
		v.controlling = strings.Contains(e.Jsep.SDP, "a=ice-lite")
		if *flagVerbose && v.id == 0 {
			fmt.Fprintf(os.Stderr, "%s\n---- our answer\n%s\n", e.Jsep.SDP, answer)
		}
		_, err = call(hp, m{"janus": "message", "transaction": "s", "body": m{"request": "start"}, "jsep": m{"type": "answer", "sdp": answer}})
		return err
	}
	return errors.New("janus: no offer")
}

func (v *viewer) transportLines(setup string) string {
	return fmt.Sprintf("c=IN IP4 127.0.0.1\r\na=rtcp-mux\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:sha-256 %s\r\na=setup:%s\r\n"+
		"a=candidate:1 1 udp 2130706431 %s %d typ host\r\na=end-of-candidates\r\n", v.ufrag, v.pwd, certFP, setup, *flagBind, v.port)
}

func (v *viewer) offer() string {
	var b strings.Builder
	var mids, body []string
	add := func(m string, lines ...string) {
		mid := strconv.Itoa(len(mids))
		mids = append(mids, mid)
		body = append(body, fmt.Sprintf("m=%s\r\n%sa=mid:%s\r\na=recvonly\r\n%s\r\n", m, v.transportLines("actpass"), mid, strings.Join(lines, "\r\n")))
	}
	if *flagAudio {
		add("audio 9 UDP/TLS/RTP/SAVPF 111", "a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1")
	}
	if *flagVideo {
		var pts, l []string
		codec := func(pt int, name, fmtp string) {
			pts = append(pts, strconv.Itoa(pt))
			l = append(l, fmt.Sprintf("a=rtpmap:%d %s/90000", pt, name), fmt.Sprintf("a=rtcp-fb:%d nack pli", pt), fmt.Sprintf("a=rtcp-fb:%d ccm fir", pt))
			if fmtp != "" {
				l = append(l, fmt.Sprintf("a=fmtp:%d %s", pt, fmtp))
			}
			if *flagNack {
				pts = append(pts, strconv.Itoa(pt+1))
				l = append(l, fmt.Sprintf("a=rtcp-fb:%d nack", pt), fmt.Sprintf("a=rtpmap:%d rtx/90000", pt+1), fmt.Sprintf("a=fmtp:%d apt=%d", pt+1, pt))
			}
		}
		for _, c := range strings.Split(*flagCodec, ",") {
			if c == "vp8" {
				codec(96, "VP8", "")
			} else {
				codec(106, "H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f")
			}
		}
		add("video 9 UDP/TLS/RTP/SAVPF "+strings.Join(pts, " "), l...)
	}
	fmt.Fprintf(&b, "v=0\r\no=- %d 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE %s\r\na=msid-semantic: WMS\r\n", 1000+v.id, strings.Join(mids, " "))
	return b.String() + strings.Join(body, "")
}

// mirror answers an offer: every section is accepted as offered, receive only, all on our one transport.
func (v *viewer) mirror(sdp string) string {
	out := []string{}
	inMedia := false
	for _, l := range strings.Split(strings.TrimSpace(sdp), "\n") {
		l = strings.TrimSpace(l)
		switch {
		case strings.HasPrefix(l, "m="):
			inMedia = true
			out = append(out, l, strings.TrimSpace(v.transportLines("active")), "a=recvonly")
		case !inMedia:
			if !strings.HasPrefix(l, "a=ice") && !strings.HasPrefix(l, "a=fingerprint") && !strings.HasPrefix(l, "a=setup") {
				out = append(out, l)
			}
		case strings.HasPrefix(l, "a=rtpmap"), strings.HasPrefix(l, "a=fmtp"), strings.HasPrefix(l, "a=mid"):
			out = append(out, l)
		case strings.HasPrefix(l, "a=rtcp-fb"):
			if *flagNack || !strings.HasSuffix(l, " nack") {
				out = append(out, l)
			}
		}
	}
	return strings.Join(out, "\r\n") + "\r\n"
}

// parse takes what is needed from a remote description.
func (v *viewer) parse(sdp string) {
	v.pts = map[byte]string{}
	v.setup = "passive"
	seen := map[string]bool{}
	for _, l := range strings.Split(sdp, "\n") {
		l = strings.TrimSpace(l)
		if !strings.HasPrefix(l, "a=") {
			continue
		}
		kv := strings.SplitN(l[2:], ":", 2)
		if len(kv) < 2 {
			continue
		}
		f := strings.Fields(kv[1])
		switch kv[0] {
		case "ice-ufrag":
			v.rufrag = kv[1]
		case "ice-pwd":
			v.rpwd = kv[1]
		case "setup":
			v.setup = kv[1]
		case "fingerprint":
			if len(f) == 2 && strings.EqualFold(f[0], "sha-256") {
				v.rfp = f[1]
			}
		case "rtpmap":
			if pt, err := strconv.Atoi(f[0]); err == nil && len(f) > 1 {
				v.pts[byte(pt)] = strings.ToLower(strings.Split(f[1], "/")[0])
			}
		case "candidate":
			if len(f) >= 8 && f[1] == "1" && strings.EqualFold(f[2], "udp") && !seen[f[4]+f[5]] {
				if a, err := net.ResolveUDPAddr("udp4", f[4]+":"+f[5]); err == nil {
					seen[f[4]+f[5]] = true
					v.cands = append(v.cands, a)
				}
			}
		}
	}
}

// ---------------------------------------------------------------- the reader thread: ICE, RTP, RTCP

type mmsghdr struct {
	hdr syscall.Msghdr
	n   uint32
	_   uint32
}

const batch = 32

// reader owns all stream state.  It takes one function (or nil to stop) at a time from ctl.
func reader(ctl chan func()) {
	slot := 192
	if *flagNack || *flagDrop > 0 {
		slot = 1600
	}
	big := make([]byte, 2048)
	bufs := make([]byte, batch*slot)
	iov := make([]syscall.Iovec, batch)
	msgs := make([]mmsghdr, batch)
	for i := range msgs {
		iov[i].Base = &bufs[i*slot]
		iov[i].SetLen(slot)
		msgs[i].hdr.Iov = &iov[i]
		msgs[i].hdr.Iovlen = 1
	}
	ev := make([]syscall.EpollEvent, 256)
	next := time.Now()
	for {
		select {
		case f := <-ctl:
			if f == nil {
				return
			}
			f()
		default:
		}
		n, err := syscall.EpollWait(epfd, ev, 10)
		if err != nil && err != syscall.EINTR {
			check(err)
		}
		now := time.Now()
		for i := 0; i < n; i++ {
			v := viewers[ev[i].Fd]
			if !v.fast || !v.nominated {
				for j := 0; j < batch; j++ {
					k, from, err := syscall.Recvfrom(v.fd, big, 0)
					if err != nil {
						if err == syscall.ECONNREFUSED {
							atomic.StoreInt32(&v.live, 2)
						}
						break
					}
					v.packet(big[:k], k, from, now)
				}
				continue
			}
			r, _, e := syscall.Syscall6(299 /* recvmmsg, amd64 */, uintptr(v.fd), uintptr(unsafe.Pointer(&msgs[0])), batch, syscall.MSG_DONTWAIT|syscall.MSG_TRUNC, 0, 0)
			if e == syscall.ECONNREFUSED {
				atomic.StoreInt32(&v.live, 2)
			}
			if e != 0 {
				continue
			}
			for j := 0; j < int(r); j++ {
				size := int(msgs[j].n)
				b := bufs[j*slot : j*slot+slot]
				if size < slot {
					b = b[:size]
				}
				v.packet(b, size, nil, now)
			}
		}
		if now.After(next) {
			next = now.Add(20 * time.Millisecond)
			for _, v := range viewers {
				if v.nominated {
					v.tick(now)
				}
			}
		}
	}
}

// packet handles one datagram; b may hold only its first bytes, size is its full length.
func (v *viewer) packet(b []byte, size int, from syscall.Sockaddr, now time.Time) {
	if len(b) < 12 {
		return
	}
	switch {
	case b[0] < 4:
		v.stun(b, from, now)
	case b[0] >= 20 && b[0] < 64:
		if b[0] == 21 && atomic.LoadInt32(&v.live) == 1 {
			atomic.StoreInt32(&v.live, 2) // an alert after the handshake: closed
		}
		_, _ = v.dtlsIn.Write(b)
	case b[0] >= 128 && b[0] < 192:
		if b[1] >= 192 && b[1] < 224 {
			v.rtcp(b, size, now)
			return
		}
		if v.keys.Load() == nil {
			if len(v.early) < 1024 {
				v.early = append(v.early, append([]byte(nil), b...))
			}
			if v.rtp1 == 0 {
				v.rtp1 = time.Since(v.t0)
			}
			return
		}
		for _, e := range v.early {
			v.rtp(e, len(e), now)
		}
		v.early = nil
		v.rtp(b, size, now)
	}
}

// decrypts tells whether every packet of this viewer is decrypted, not only those up to its first key frame.
func (v *viewer) decrypts() bool { return *flagLatency && v.id == 0 || v.stamped() }

// stamped tells whether this viewer is one of -sampled: of n viewers the first, the last and those between.
func (v *viewer) stamped() bool {
	if len(stamp) == 0 {
		return false
	}
	last, most := *flagN-1, *flagSampled
	if most <= 1 || last == 0 {
		return v.id == 0
	}
	for i := 0; i < most; i++ {
		if v.id == i*last/(most-1) {
			return true
		}
	}
	return false
}

func (v *viewer) rtp(b []byte, size int, now time.Time) {
	if *flagDrop > 0 && v.codec(b) != "rtx" && chance(*flagDrop) {
		return
	}
	ssrc := be32(b[8:])
	var s *stream
	for _, t := range v.streams {
		if t.ssrc == ssrc {
			s = t
		}
	}
	codec := v.codec(b)
	if s == nil {
		s = &stream{ssrc: ssrc, kind: kind(codec)}
		v.streams = append(v.streams, s)
	}
	if v.rtp1 == 0 {
		v.rtp1 = now.Sub(v.t0)
	}
	s.bytes += uint64(size)
	ns := now.UnixNano()
	if g := ns - s.lastNS; s.lastNS > 0 && g > s.gapNS && measuring {
		s.gapNS = g
	}
	s.lastNS = ns
	if s.kind == 'x' {
		s.recv++
		if k, ok := v.keys.Load().(*keys); ok { // original sequence number: the first two payload bytes
			if p, h := decrypt(k.in, b); p != nil && len(p) >= h+2 {
				for _, t := range v.streams {
					if t.kind == 'v' && t.started {
						t.mark(t.extend(be16(p[h:])))
					}
				}
			}
		}
		return
	}
	isNew := s.mark(s.extend(be16(b[2:])))
	if v.fast || !isNew || (s.kind != 'v' && !v.decrypts()) {
		return
	}
	k := v.keys.Load().(*keys)
	p, h := decrypt(k.in, b)
	if p == nil {
		return
	}
	if *flagLatency && v.id == 0 {
		if t, ok := sent.LoadAndDelete(sha256.Sum256(p[h:])); ok && measuring {
			latencies = append(latencies, float64(time.Since(t.(time.Time)).Microseconds())/1000)
		}
	}
	if measuring && v.stamped() {
		if i := bytes.Index(p[h:], stamp); i >= 0 && len(p) >= h+i+len(stamp)+8 {
			o := h + i + len(stamp)
			at := int64(be32(p[o:]))<<32 | int64(be32(p[o+4:]))
			latencies = append(latencies, float64(now.UnixMicro()-at)/1000)
		}
	}
	if s.kind != 'v' || v.key1 != 0 {
		return
	}
	ts := be32(b[4:])
	if isKey(codec, p[h:]) {
		v.keyTS, v.keyPending = ts, true
	}
	if v.keyPending && ts == v.keyTS && b[1]&0x80 != 0 { // marker: the whole keyframe is here
		v.key1 = now.Sub(v.t0)
		v.fast = !v.decrypts()
	}
}

// rtcp notes when each sender report came: receiver reports echo it, which is how servers learn the round trip
// time (Janus keeps no retransmission buffer until it has one).
func (v *viewer) rtcp(b []byte, size int, now time.Time) {
	k, _ := v.keys.Load().(*keys)
	if k == nil || b[1] != 200 || size > len(b) {
		return
	}
	p, err := k.in.DecryptRTCP(nil, b, nil)
	if err != nil || len(p) < 28 {
		return
	}
	for _, s := range v.streams {
		if s.ssrc == be32(p[4:]) {
			s.lsr, s.srAt = be32(p[10:]), now // the middle 32 bits of the NTP time
		}
	}
}

func (v *viewer) codec(b []byte) string { return v.pts[b[1]&0x7f] }
func kind(codec string) byte {
	switch codec {
	case "h264", "vp8", "vp9", "av1", "h265":
		return 'v'
	case "opus", "pcma", "pcmu", "multiopus":
		return 'a'
	case "rtx":
		return 'x'
	}
	return '?'
}

func (s *stream) extend(seq uint16) int64 {
	if !s.started {
		s.started = true
		s.base, s.max = int64(seq)+1<<20, int64(seq)+1<<20-1
		s.rrExp = 0
	}
	return s.max + int64(int16(seq-uint16(s.max)))
}

// mark records one sequence number and reports whether it was new.
func (s *stream) mark(e int64) bool {
	d := e - s.max
	if d > 3000 || d < -3000 { // the server jumped: start over from here, without calling it loss
		s.base += d - 1
		s.max = e - 1
		s.bits = [64]uint64{}
		s.missing = nil
		d = 1
	}
	if d > 0 {
		for q := s.max + 1; q < e; q++ {
			s.bits[q>>6&63] &^= 1 << (q & 63)
			if *flagNack && len(s.missing) < 512 && s.kind == 'v' {
				s.missing = append(s.missing, missing{seq: q})
			}
		}
		s.max = e
		s.bits[e>>6&63] |= 1 << (e & 63)
		s.recv++
		return true
	}
	if e < s.base {
		return false
	}
	if s.bits[e>>6&63]>>(e&63)&1 == 1 {
		s.dup++
		return false
	}
	s.bits[e>>6&63] |= 1 << (e & 63)
	s.recv++
	s.late++
	return true
}
func (s *stream) expected() int64 { return s.max - s.base + 1 }

func decrypt(c *srtp.Context, b []byte) (out []byte, header int) {
	header = 12 + 4*int(b[0]&15)
	if len(b) < header+4 {
		return nil, 0
	}
	if b[0]&16 != 0 {
		header += 4 + 4*int(be16(b[header+2:]))
	}
	out, err := c.DecryptRTP(nil, b, nil)
	if err != nil || len(out) < header {
		return nil, 0
	}
	return out, header
}

func isKey(codec string, p []byte) bool {
	if len(p) < 2 {
		return false
	}
	switch codec {
	case "h264":
		switch t := p[0] & 31; t {
		case 5, 7:
			return true
		case 28: // FU-A
			return p[1]&31 == 5 && p[1]&0x80 != 0
		case 24: // STAP-A
			for i := 1; i+2 < len(p); {
				if n := p[i+2] & 31; n == 5 || n == 7 {
					return true
				}
				i += 2 + int(be16(p[i:]))
			}
		}
	case "vp8":
		i := 1
		if p[0]&0x80 != 0 {
			x := p[1]
			i = 2
			if x&0x80 != 0 {
				if i < len(p) && p[i]&0x80 != 0 {
					i++
				}
				i++
			}
			if x&0x40 != 0 {
				i++
			}
			if x&0x30 != 0 {
				i++
			}
		}
		return p[0]&0x1f == 0x10 && i < len(p) && p[i]&1 == 0
	}
	return false
}

// stun answers checks and takes the answers to ours.
func (v *viewer) stun(b []byte, from syscall.Sockaddr, now time.Time) {
	m := &stun.Message{Raw: append([]byte(nil), b...)}
	if m.Decode() != nil {
		return
	}
	nominate := func() {
		if v.nominated || from == nil {
			return
		}
		if syscall.Connect(v.fd, from) == nil {
			v.nominated = true
			v.lastSTUN = now
			close(v.iceUp)
		}
	}
	switch m.Type {
	case stun.BindingSuccess:
		if v.controlling {
			nominate()
		}
	case stun.BindingRequest:
		addr := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}
		if a, ok := from.(*syscall.SockaddrInet4); ok {
			addr = &net.UDPAddr{IP: net.IP(a.Addr[:]), Port: a.Port}
		} else if len(v.cands) > 0 {
			addr = v.cands[0]
		}
		r, err := stun.Build(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess,
			&stun.XORMappedAddress{IP: addr.IP, Port: addr.Port}, stun.NewShortTermIntegrity(v.pwd), stun.Fingerprint)
		if err != nil {
			return
		}
		if from != nil && !v.nominated {
			_ = syscall.Sendto(v.fd, r.Raw, 0, from)
		} else {
			_, _ = syscall.Write(v.fd, r.Raw)
		}
		if !v.controlling && m.Contains(stun.AttrUseCandidate) {
			nominate()
		}
	}
}

func (v *viewer) sendCheck(to *net.UDPAddr) {
	role, tie := stun.AttrICEControlled, []byte{1, 2, 3, 4, 5, 6, 7, byte(v.id)}
	set := []stun.Setter{stun.TransactionID, stun.BindingRequest, stun.NewUsername(v.rufrag + ":" + v.ufrag),
		&stun.RawAttribute{Type: stun.AttrPriority, Value: []byte{0x6e, 0, 1, 0xff}}}
	if v.controlling {
		role = stun.AttrICEControlling
		set = append(set, &stun.RawAttribute{Type: stun.AttrUseCandidate})
	}
	set = append(set, &stun.RawAttribute{Type: role, Value: tie}, stun.NewShortTermIntegrity(v.rpwd), stun.Fingerprint)
	m, err := stun.Build(set...)
	if err != nil {
		return
	}
	if to == nil {
		_, _ = syscall.Write(v.fd, m.Raw)
		return
	}
	a := &syscall.SockaddrInet4{Port: to.Port}
	copy(a.Addr[:], to.IP.To4())
	_ = syscall.Sendto(v.fd, m.Raw, 0, a)
}

// tick sends what is due: consent checks, PLI, receiver reports, NACKs.
func (v *viewer) tick(now time.Time) {
	if now.Sub(v.lastSTUN) > 2500*time.Millisecond {
		v.lastSTUN = now
		v.sendCheck(nil)
	}
	k, _ := v.keys.Load().(*keys)
	if k == nil {
		return
	}
	send := func(p rtcp.Packet) {
		if raw, err := rtcp.Marshal([]rtcp.Packet{p}); err == nil {
			if e, err := k.out.EncryptRTCP(nil, raw, nil); err == nil {
				_, _ = syscall.Write(v.fd, e)
			}
		}
	}
	me := uint32(v.id) + 1
	for _, s := range v.streams {
		if s.kind == 'v' && v.key1 == 0 && now.Sub(v.lastPLI) > 500*time.Millisecond {
			if !v.lastPLI.IsZero() {
				send(&rtcp.PictureLossIndication{SenderSSRC: me, MediaSSRC: s.ssrc})
			}
			v.lastPLI = now
		}
		if *flagStorm > 0 && s.kind == 'v' && s.started {
			seqs := make([]uint16, 0, *flagStorm)
			for q := s.max - int64(*flagStorm) + 1; q <= s.max; q++ {
				if q >= s.base {
					seqs = append(seqs, uint16(q))
				}
			}
			send(&rtcp.TransportLayerNack{SenderSSRC: me, MediaSSRC: s.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(seqs)})
			s.nacked += uint64(len(seqs))
		}
		if len(s.missing) > 0 {
			var seqs []uint16
			keep := s.missing[:0]
			for _, x := range s.missing {
				if s.bits[x.seq>>6&63]>>(x.seq&63)&1 == 1 {
					if x.tries > 0 {
						s.recovered++
					}
					continue
				}
				if x.tries >= 10 || s.max-x.seq > 3000 {
					s.gaveUp++
					continue
				}
				if !now.Before(x.next) {
					seqs = append(seqs, uint16(x.seq))
					if x.tries == 0 {
						s.nacked++
					}
					x.tries++
					x.next = now.Add(100 * time.Millisecond)
				}
				keep = append(keep, x)
			}
			s.missing = keep
			if len(seqs) > 0 {
				send(&rtcp.TransportLayerNack{SenderSSRC: me, MediaSSRC: s.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(seqs)})
			}
		}
	}
	if *flagRR > 0 && now.Sub(v.lastRR) > *flagRR {
		for _, s := range v.streams {
			if s.kind == 'x' {
				continue
			}
			de, dr := s.expected()-s.rrExp, int64(s.recv)-s.rrRecv
			s.rrExp, s.rrRecv = s.expected(), int64(s.recv)
			r := rtcp.ReceptionReport{SSRC: s.ssrc, LastSequenceNumber: uint32(s.max)}
			if s.lsr != 0 {
				r.LastSenderReport, r.Delay = s.lsr, uint32(int64((now.Sub(s.srAt)-*flagRTT).Seconds()*65536))
			}
			if de > 0 && de > dr {
				r.FractionLost = uint8((de - dr) * 255 / de)
			}
			if l := s.expected() - int64(s.recv); l > 0 {
				r.TotalLost = uint32(l) & 0x7fffff
			}
			send(&rtcp.ReceiverReport{SSRC: me, Reports: []rtcp.ReceptionReport{r}}) // one each, as browsers do
		}
		v.lastRR = now
	}
}

// ---------------------------------------------------------------- the publisher

// publish sends -h264 and -ogg, looped, to a WHIP endpoint through an ordinary pion PeerConnection (it answers
// NACK and PLI; a PLI is only counted, as canned video cannot make a keyframe on demand).
func publish(u string) (stop func(), err error) {
	se := webrtc.SettingEngine{}
	se.SetIncludeLoopbackCandidate(true)
	se.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	se.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	me := &webrtc.MediaEngine{}
	h264 := webrtc.RTPCodecCapability{MimeType: "video/H264", ClockRate: 90000, SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
		RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}}}
	opus := webrtc.RTPCodecCapability{MimeType: "audio/opus", ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1"}
	check(me.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: h264, PayloadType: 106}, webrtc.RTPCodecTypeVideo))
	check(me.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: opus, PayloadType: 111}, webrtc.RTPCodecTypeAudio))
	ir := &interceptor.Registry{}
	check(webrtc.ConfigureNack(me, ir))
	check(webrtc.ConfigureRTCPReports(ir))
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(se), webrtc.WithMediaEngine(me), webrtc.WithInterceptorRegistry(ir)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	type feed struct {
		track *webrtc.TrackLocalStaticRTP
		pz    rtp.Packetizer
		units [][]byte
		every time.Duration
		step  uint32
	}
	var feeds []*feed
	add := func(c webrtc.RTPCodecCapability, id string, p rtp.Payloader, pt uint8, units [][]byte, every time.Duration) error {
		if len(units) == 0 {
			return errors.New("nothing to publish for " + id)
		}
		t, err := webrtc.NewTrackLocalStaticRTP(c, id, "whepload")
		if err != nil {
			return err
		}
		s, err := pc.AddTransceiverFromTrack(t, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return err
		}
		go func() {
			for b := make([]byte, 1500); ; {
				if _, _, err := s.Sender().Read(b); err != nil {
					return
				}
			}
		}()
		feeds = append(feeds, &feed{t, rtp.NewPacketizer(1200, pt, 0, p, rtp.NewRandomSequencer(), c.ClockRate), units, every, uint32(every.Seconds()*float64(c.ClockRate) + .5)})
		return nil
	}
	if *flagOgg != "" {
		u, err := oggPackets(*flagOgg)
		if err == nil {
			err = add(opus, "audio", &codecs.OpusPayloader{}, 111, u, 20*time.Millisecond)
		}
		if err != nil {
			return nil, err
		}
	}
	if *flagH264 != "" {
		b, err := os.ReadFile(*flagH264)
		if err == nil {
			err = add(h264, "video", &codecs.H264Payloader{}, 106, accessUnits(b), time.Duration(float64(time.Second) / *flagFPS))
		}
		if err != nil {
			return nil, err
		}
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return nil, err
	}
	done := webrtc.GatheringCompletePromise(pc)
	if err = pc.SetLocalDescription(offer); err != nil {
		return nil, err
	}
	<-done
	up := make(chan struct{})
	var once sync.Once
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(up) })
		}
	})
	rq, err := http.NewRequest("POST", u, strings.NewReader(pc.LocalDescription().SDP))
	if err != nil {
		return nil, err
	}
	rq.Header.Set("Content-Type", "application/sdp")
	if *flagBearer != "" {
		rq.Header.Set("Authorization", "Bearer "+*flagBearer)
	}
	rs, err := client.Do(rq)
	if err != nil {
		return nil, err
	}
	b, _ := io.ReadAll(rs.Body)
	rs.Body.Close()
	if rs.StatusCode/100 != 2 {
		return nil, fmt.Errorf("WHIP status %d: %.120s", rs.StatusCode, b)
	}
	if err = pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(b)}); err != nil {
		return nil, err
	}
	select {
	case <-up:
	case <-time.After(*flagTimeout):
		return nil, errors.New("publisher: not connected in time")
	}
	fmt.Fprintln(os.Stderr, "publishing")
	quit := make(chan struct{})
	for _, f := range feeds {
		go func(f *feed) {
			start := time.Now()
			for i := 0; ; i++ {
				select {
				case <-quit:
					return
				case <-time.After(time.Until(start.Add(time.Duration(i) * f.every))):
				}
				for _, p := range f.pz.Packetize(f.units[i%len(f.units)], f.step) {
					if *flagLatency {
						sent.Store(sha256.Sum256(p.Payload), time.Now())
					}
					_ = f.track.WriteRTP(p)
				}
			}
		}(f)
	}
	return func() {
		close(quit)
		if l, err := rs.Location(); err == nil {
			if rq, err := http.NewRequest("DELETE", l.String(), nil); err == nil {
				_, _ = client.Do(rq)
			}
		}
		pc.Close()
	}, nil
}

// accessUnits cuts an Annex B stream into pictures: a new one starts at an AUD, SPS or SEI, or at a slice with
// first_mb_in_slice 0, that follows a slice.
func accessUnits(b []byte) (units [][]byte) {
	start, slice := 0, false
	for i := 0; i+4 < len(b); i++ {
		if b[i] != 0 || b[i+1] != 0 || b[i+2] != 1 {
			continue
		}
		t := b[i+3] & 31
		vcl := t == 1 || t == 5
		if slice && (!vcl || b[i+4]&0x80 != 0) {
			at := i
			if i > 0 && b[i-1] == 0 {
				at--
			}
			units = append(units, b[start:at])
			start, slice = at, false
		}
		slice = slice || vcl
		i += 3
	}
	if slice {
		units = append(units, b[start:])
	}
	return
}

// oggPackets reads an Ogg/Opus file muxed with one packet a page (ffmpeg -page_duration 20000).
func oggPackets(name string) (out [][]byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, _, err := oggreader.NewWith(f)
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		p, _, err := r.ParseNextPage()
		if err != nil {
			return out, nil
		}
		if n > 0 { // the first page after the header carries the tags
			out = append(out, p)
		}
	}
}

// ---------------------------------------------------------------- results

func markWindow() {
	measuring = true
	for _, v := range viewers {
		for _, s := range v.streams {
			s.recv0, s.exp0, s.bytes0, s.gapNS = s.recv, s.expected(), s.bytes, 0
		}
	}
}

type obj map[string]interface{}

func pcts(v []float64) interface{} {
	if len(v) == 0 {
		return nil
	}
	sort.Float64s(v)
	at := func(p float64) float64 { return round(v[int(p*float64(len(v)-1)+.5)]) }
	return obj{"min": at(0), "p50": at(.5), "p95": at(.95), "p99": at(.99), "max": at(1), "n": len(v)}
}
func round(x float64) float64 { return float64(int64(x*100+.5)) / 100 }

func report(el float64, m0, u0, u1 usage, self float64) bool {
	var connected, closed, flowing, withKey int
	var pk, by, exp, got, late, dup, rtx, nacked, recovered, gave uint64
	var rate, answer, ice, conn, rtp1, key1, stall []float64
	fails := map[string]int{}
	ports := map[int]bool{}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	for _, v := range viewers {
		ports[v.port] = true
		if v.err != nil {
			fails[cause(v.err)]++
			continue
		}
		connected++
		if atomic.LoadInt32(&v.live) == 2 {
			closed++
		}
		answer, ice, conn = append(answer, ms(v.answer)), append(ice, ms(v.ice)), append(conn, ms(v.conn))
		if v.rtp1 > 0 {
			rtp1 = append(rtp1, ms(v.rtp1))
		}
		if v.key1 > 0 {
			withKey++
			key1 = append(key1, ms(v.key1))
		}
		var mine uint64
		gap := int64(-1)
		for _, s := range v.streams {
			r := s.recv - s.recv0
			mine += r
			by += s.bytes - s.bytes0
			if s.kind == 'x' {
				rtx += r
				continue
			}
			if e := s.expected() - s.exp0; e > 0 {
				exp += uint64(e)
				got += r
			}
			late, dup = late+s.late, dup+s.dup
			nacked, recovered, gave = nacked+s.nacked, recovered+s.recovered, gave+s.gaveUp
			if (s.kind == 'v' || (!*flagVideo && s.kind == 'a')) && s.gapNS > gap {
				gap = s.gapNS
			}
		}
		pk += mine
		if mine > 0 {
			flowing++
		}
		if gap > 0 {
			stall = append(stall, float64(gap)/1e6)
		}
		rate = append(rate, float64(mine)/el)
	}
	lost := int64(exp) - int64(got)
	if lost < 0 {
		lost = 0
	}
	o := obj{
		"n": *flagN, "connected": connected, "failed": *flagN - connected, "failures": fails, "closed": closed, "flowing": flowing, "with_keyframe": withKey,
		"seconds": round(el), "packets_s": round(float64(pk) / el), "mbit_s": round(float64(by) * 8 / el / 1e6),
		"viewer_packets_s": pcts(rate), "expected": exp, "lost": lost, "late": late, "dup": dup,
		"answer_ms": pcts(answer), "ice_ms": pcts(ice), "connected_ms": pcts(conn), "first_rtp_ms": pcts(rtp1), "keyframe_ms": pcts(key1),
		"video_stall_ms": pcts(stall), "udp_drops_here": udpDrops(ports), "client_cpu_pct": round(self),
	}
	if exp > 0 {
		o["loss_pct"] = float64(int64(float64(lost)/float64(exp)*1e6)) / 1e4
	}
	if *flagNack {
		o["nack"] = obj{"asked": nacked, "recovered": recovered, "gave_up": gave, "rtx_packets_in_window": rtx}
	}
	if *flagLatency || len(stamp) > 0 {
		o["latency_ms"] = pcts(latencies)
	}
	if *flagPid != "" {
		s := obj{"procs": u1.procs, "cpu_pct": round((u1.cpu - u0.cpu) / el * 100), "rss_mb": round(u1.rss), "pss_mb": round(u1.pss), "rss_mb_before": round(m0.rss), "pss_mb_before": round(m0.pss)}
		if connected > 0 {
			s["pss_kb_per_viewer"] = round((u1.pss - m0.pss) * 1024 / float64(connected))
		}
		if pk > 0 && u1.cpu > u0.cpu {
			s["cpu_us_per_packet"] = round((u1.cpu - u0.cpu) * 1e6 / float64(pk))
			s["packets_per_cpu_second"] = round(float64(pk) / (u1.cpu - u0.cpu))
		}
		o["server"] = s
	}
	b, _ := json.Marshal(o)
	fmt.Println(string(b))
	return connected > 0
}

// cause drops addresses and ids from an error, so that equal failures are counted together.
func cause(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = fmt.Errorf("%s: %w", u.Op, u.Err)
	}
	var o *net.OpError
	if errors.As(err, &o) {
		err = fmt.Errorf("%s: %w", o.Op, o.Err)
	}
	return err.Error()
}

// udpDrops is what the kernel threw away at our sockets: loss that is ours, not the server's.
func udpDrops(ports map[int]bool) (n int) {
	b, _ := os.ReadFile("/proc/net/udp")
	for _, l := range strings.Split(string(b), "\n") {
		f := strings.Fields(l)
		if len(f) < 13 || len(f[1]) != 13 {
			continue
		}
		if p, err := strconv.ParseInt(f[1][9:], 16, 32); err == nil && ports[int(p)] {
			d, _ := strconv.Atoi(f[12])
			n += d
		}
	}
	return
}

type usage struct {
	cpu, rss, pss float64 // seconds, MiB, MiB
	procs         int
}

func selfCPU() float64 {
	var r syscall.Rusage
	_ = syscall.Getrusage(0, &r)
	return float64(r.Utime.Sec+r.Stime.Sec) + float64(r.Utime.Usec+r.Stime.Usec)/1e6
}

// procUsage sums -pid and all their descendants.
func procUsage(mem bool) (u usage) {
	if *flagPid == "" {
		return
	}
	in := map[string]bool{}
	for _, p := range strings.Split(*flagPid, ",") {
		in[p] = true
	}
	parent, cpu := map[string]string{}, map[string]float64{}
	ents, _ := os.ReadDir("/proc")
	for _, e := range ents {
		b, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil || e.Name()[0] > '9' {
			continue
		}
		f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		ut, _ := strconv.ParseFloat(f[11], 64)
		st, _ := strconv.ParseFloat(f[12], 64)
		parent[e.Name()], cpu[e.Name()] = f[1], (ut+st)/100
	}
	for more := true; more; {
		more = false
		for p, q := range parent {
			if in[q] && !in[p] {
				in[p], more = true, true
			}
		}
	}
	for p := range in {
		if _, ok := parent[p]; !ok {
			continue
		}
		u.procs++
		u.cpu += cpu[p]
		if !mem {
			continue
		}
		b, _ := os.ReadFile("/proc/" + p + "/smaps_rollup")
		for _, l := range strings.Split(string(b), "\n") {
			f := strings.Fields(l)
			if len(f) < 2 {
				continue
			}
			k, _ := strconv.ParseFloat(f[1], 64)
			if f[0] == "Rss:" {
				u.rss += k / 1024
			} else if f[0] == "Pss:" {
				u.pss += k / 1024
			}
		}
	}
	return
}

// ---------------------------------------------------------------- small things

func be16(b []byte) uint16 { return uint16(b[0])<<8 | uint16(b[1]) }
func be32(b []byte) uint32 {
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}
func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "whepload:", err)
		os.Exit(1)
	}
}
func randHex(n int) string { b := make([]byte, n); _, _ = rand.Read(b); return hex.EncodeToString(b) }

var rnd uint32 = 2463534242

func chance(percent float64) bool { // xorshift: called by the reader only
	rnd ^= rnd << 13
	rnd ^= rnd >> 17
	rnd ^= rnd << 5
	return float64(rnd) < percent/100*(1<<32)
}
func fingerprint(der []byte) string {
	h := sha256.Sum256(der)
	s := make([]string, len(h))
	for i, b := range h {
		s[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(s, ":")
}
